// Which sound waits for the connection, so that the caller's first words are kept.
import type { Slice } from "../audio/slicer";

const KEPT_SLICES = 250; // 5 s: longer than any connection that still succeeds feels alive

/** Holds slices until opened, then hands the held ones over as a single piece and the rest as they come. */
export class Outbox {
  private held: Int16Array[] = [];
  private deliver: ((samples: Int16Array) => void) | null = null;

  put({ samples }: Slice): void {
    if (this.deliver) {
      this.deliver(samples);
      return;
    }
    this.held.push(samples);
    if (this.held.length > KEPT_SLICES) this.held.shift();
  }

  /** One piece, because a burst of small ones would run into the message limit. */
  open(deliver: (samples: Int16Array) => void): void {
    this.deliver = deliver;
    const length = this.held.reduce((sum, slice) => sum + slice.length, 0);
    if (length === 0) return;
    const whole = new Int16Array(length);
    let at = 0;
    for (const slice of this.held) {
      whole.set(slice, at);
      at += slice.length;
    }
    this.held = [];
    deliver(whole);
  }
}
