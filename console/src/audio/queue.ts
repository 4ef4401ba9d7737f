// Which sample is heard next: utterances in order, held and resumed at the exact sample, dropped at once.

const FADE_S = 0.01; // shorter clicks, longer is heard as a delay

interface Utterance {
  id: string;
  rateHz: number;
  chunks: Int16Array[];
  chunkStart: number; // position of chunks[0] within the utterance, in samples
  received: number;
  position: number; // next sample to be heard; fractional while resampling
  complete: boolean;
}

export interface Position {
  utteranceId: string;
  playedMs: number;
  queuedMs: number;
  paused: boolean;
}

/** Samples are s16 in, float out; `position()` counts what has left for the loudspeaker. */
export class PlayQueue {
  private readonly utterances: Utterance[] = [];
  private last: Position = { utteranceId: "", playedMs: 0, queuedMs: 0, paused: false };
  private paused = false;
  private tail = new Float32Array(0); // the fading remainder of a sound that was held or dropped
  private tailAt = 0;
  private fadeInLeft = 0;

  constructor(private readonly outputRateHz: number) {}

  begin(id: string, rateHz: number): void {
    if (this.find(id)) return;
    const previous = this.utterances.at(-1);
    if (previous) previous.complete = true; // its sound plays out first
    this.utterances.push({
      id, rateHz, chunks: [], chunkStart: 0, received: 0, position: 0, complete: false,
    });
  }

  /** Sound of an utterance that never began or was dropped is ignored. */
  push(id: string, samples: Int16Array): void {
    const utterance = this.find(id);
    if (!utterance || samples.length === 0) return;
    utterance.chunks.push(samples);
    utterance.received += samples.length;
  }

  complete(id: string): void {
    const utterance = this.find(id);
    if (utterance) utterance.complete = true;
  }

  pause(id: string): void {
    if (this.paused || !this.find(id)) return;
    this.fadeOut();
    this.paused = true;
  }

  resume(id: string): void {
    if (!this.paused || !this.find(id)) return;
    this.paused = false;
    this.fadeInLeft = this.fadeSamples();
  }

  cancel(id: string): void {
    const at = this.utterances.findIndex((utterance) => utterance.id === id);
    if (at < 0) return;
    if (at === 0) {
      if (!this.paused) this.fadeOut();
      this.last = { ...this.position(), queuedMs: 0, paused: false };
      this.paused = false;
    }
    this.utterances.splice(at, 1);
  }

  /** Fills `out`; returns the last position of an utterance that came to its end within it. */
  render(out: Float32Array): Position | null {
    out.fill(0);
    let ended: Position | null = null;
    for (let i = 0; i < out.length; i++) {
      if (this.tailAt < this.tail.length) {
        out[i] = this.tail[this.tailAt++] ?? 0;
      } else if (!this.paused) {
        out[i] = this.next();
        ended = this.dropFinished() ?? ended;
      }
    }
    return ended;
  }

  position(): Position {
    const head = this.utterances[0];
    if (!head) return this.last;
    const queued = this.utterances.reduce((ms, u) => ms + milliseconds(u.received - u.position, u.rateHz), 0);
    return {
      utteranceId: head.id,
      playedMs: Math.round(milliseconds(Math.min(head.position, head.received), head.rateHz)),
      queuedMs: Math.max(0, Math.round(queued)),
      paused: this.paused,
    };
  }

  private find(id: string): Utterance | undefined {
    return this.utterances.find((utterance) => utterance.id === id);
  }

  private dropFinished(): Position | null {
    const head = this.utterances[0];
    if (!head?.complete || head.position < head.received) return null;
    this.last = this.position();
    this.utterances.shift();
    return this.last;
  }

  private next(): number {
    const head = this.utterances[0];
    if (!head || head.position >= head.received) return 0; // starved: silence until more arrives
    const sample = interpolate(head, head.position);
    head.position += head.rateHz / this.outputRateHz;
    this.forget(head);
    if (this.fadeInLeft === 0) return sample;
    return sample * (1 - this.fadeInLeft-- / this.fadeSamples());
  }

  /** What would have been heard in the next 10 ms, fading; the position stays, so nothing is lost. */
  private fadeOut(): void {
    const head = this.utterances[0];
    if (!head || head.position >= head.received) return;
    const length = this.fadeSamples();
    const step = head.rateHz / this.outputRateHz;
    this.tail = Float32Array.from({ length }, (_, i) =>
      interpolate(head, head.position + i * step) * (1 - i / length),
    );
    this.tailAt = 0;
  }

  private fadeSamples(): number {
    return Math.round(FADE_S * this.outputRateHz);
  }

  private forget(head: Utterance): void {
    const first = head.chunks[0];
    if (first && head.position >= head.chunkStart + first.length) {
      head.chunkStart += first.length;
      head.chunks.shift();
    }
  }
}

function interpolate(utterance: Utterance, position: number): number {
  const whole = Math.floor(position);
  const here = sampleAt(utterance, whole);
  const fraction = position - whole;
  if (fraction === 0) return here;
  return here + (sampleAt(utterance, whole + 1) - here) * fraction;
}

function sampleAt(utterance: Utterance, index: number): number {
  let offset = Math.min(index, utterance.received - 1) - utterance.chunkStart;
  for (const chunk of utterance.chunks) {
    if (offset < chunk.length) return (chunk[offset] ?? 0) / 32768;
    offset -= chunk.length;
  }
  return 0;
}

function milliseconds(samples: number, rateHz: number): number {
  return (samples * 1000) / rateHz;
}
