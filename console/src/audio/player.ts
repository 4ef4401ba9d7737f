// What the page asks of the loudspeaker, and when the server hears of progress.
import playbackUrl from "./playback.worklet.ts?worker&url";
import type { Position } from "./queue";

export type PlayerOrder =
  | { do: "begin"; id: string; rateHz: number }
  | { do: "push"; id: string; samples: Int16Array<ArrayBuffer> }
  | { do: "complete" | "pause" | "resume" | "cancel"; id: string };

/** `milestone`: an utterance's end or a hold; anything else is the regular tick. */
export type PlayerNews = Position & { level: number; milestone: boolean };

const PROGRESS_EVERY_MS = 200; // what the protocol asks for

export class Player {
  position: Position = { utteranceId: "", playedMs: 0, queuedMs: 0, paused: false };
  private reported = { utteranceId: "", playedMs: 0 };

  private constructor(
    private readonly node: AudioWorkletNode,
    private readonly listener: {
      level(level: number): void;
      moved(position: Position): void;
      progress(utteranceId: string, playedMs: number): void;
    },
  ) {
    node.port.onmessage = ({ data }: MessageEvent<PlayerNews>) => this.hear(data);
  }

  static async open(context: AudioContext, listener: Player["listener"]): Promise<Player> {
    await context.audioWorklet.addModule(playbackUrl);
    const node = new AudioWorkletNode(context, "vantum-playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    node.connect(context.destination);
    return new Player(node, listener);
  }

  order(order: PlayerOrder): void {
    this.node.port.postMessage(order, order.do === "push" ? [order.samples.buffer] : []);
  }

  close(): void {
    this.node.port.onmessage = null;
    this.node.disconnect();
  }

  private hear(news: PlayerNews): void {
    const { level, milestone, ...position } = news;
    const moved = position.playedMs !== this.position.playedMs || position.paused !== this.position.paused;
    this.position = position;
    this.listener.level(level);
    if (!position.utteranceId) return;
    const isNew = position.utteranceId !== this.reported.utteranceId;
    const since = isNew ? position.playedMs : position.playedMs - this.reported.playedMs;
    if (milestone || since >= PROGRESS_EVERY_MS) {
      this.reported = { utteranceId: position.utteranceId, playedMs: position.playedMs };
      this.listener.progress(position.utteranceId, position.playedMs);
    }
    if (moved || milestone) this.listener.moved(position);
  }
}
