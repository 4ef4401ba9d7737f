// The loudspeaker's end of the audio thread: plays the queue, tells the page where it is.
import type { PlayerNews, PlayerOrder } from "./player";
import { PlayQueue, type Position } from "./queue";

const NEWS_EVERY_S = 0.05; // smooth enough for a meter

class Playback extends AudioWorkletProcessor {
  private readonly queue = new PlayQueue(sampleRate);
  private sinceNews = 0;
  private energy = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<PlayerOrder>) => this.obey(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const first = channels[0];
    if (!first) return true;
    const ended = this.queue.render(first);
    for (const other of channels.slice(1)) other.set(first);
    for (const sample of first) this.energy += sample * sample;
    this.sinceNews += first.length;
    if (ended) this.tell(ended, true);
    else if (this.sinceNews >= NEWS_EVERY_S * sampleRate) this.tell(this.queue.position(), false);
    return true;
  }

  private obey(order: PlayerOrder): void {
    if (order.do === "begin") this.queue.begin(order.id, order.rateHz);
    else if (order.do === "push") this.queue.push(order.id, order.samples);
    else this.queue[order.do](order.id);
    // Where the sound was held matters to the server at once, not at the next tick.
    if (order.do === "pause") this.tell(this.queue.position(), true);
    else if (order.do === "cancel" || order.do === "resume") this.tell(this.queue.position(), false);
  }

  private tell(position: Position, milestone: boolean): void {
    const level = this.sinceNews ? Math.sqrt(this.energy / this.sinceNews) : 0;
    const news: PlayerNews = { ...position, level, milestone };
    this.port.postMessage(news);
    this.sinceNews = 0;
    this.energy = 0;
  }
}

registerProcessor("vantum-playback", Playback);
