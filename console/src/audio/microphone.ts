// How the page listens: the permission, the browser's echo cancellation, chunks of sound as they come.
import captureUrl from "./capture.worklet.ts?worker&url";
import { sentRateHz, type Slice } from "./slicer";

/** Asks for the microphone; must run inside a click. Rejects with the browser's DOMException. */
export function askForMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    return Promise.reject(new DOMException("Not a secure page", "SecurityError"));
  }
  return navigator.mediaDevices.getUserMedia({
    // Without echo cancellation the agent would hear and interrupt itself on loudspeakers.
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
  });
}

export class Microphone {
  private constructor(
    readonly rateHz: number,
    private readonly stream: MediaStream,
    private readonly nodes: AudioNode[],
  ) {}

  static async open(
    context: AudioContext,
    stream: MediaStream,
    listener: { slice(slice: Slice): void; lost(): void },
  ): Promise<Microphone> {
    await context.audioWorklet.addModule(captureUrl);
    const source = context.createMediaStreamSource(stream);
    const capture = new AudioWorkletNode(context, "vantum-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit", // a stereo microphone is mixed down by the browser
    });
    capture.port.onmessage = ({ data }: MessageEvent<Slice>) => listener.slice(data);
    source.connect(capture);
    for (const track of stream.getAudioTracks()) track.onended = () => listener.lost();
    return new Microphone(sentRateHz(context.sampleRate), stream, [source, capture]);
  }

  /** A muted microphone still ticks, with silence, so that the server's audio time goes on. */
  mute(muted: boolean): void {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  close(): void {
    for (const node of this.nodes) node.disconnect();
    for (const track of this.stream.getTracks()) track.onended = null;
  }
}
