// The microphone's end of the audio thread: slices of sound go to the page as they fill.
import { Slicer } from "./slicer";

class Capture extends AudioWorkletProcessor {
  private readonly slicer = new Slicer(sampleRate);

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel) {
      this.slicer.push(channel, (slice) => this.port.postMessage(slice, [slice.samples.buffer]));
    }
    return true;
  }
}

registerProcessor("vantum-capture", Capture);
