// How microphone sound becomes chunks: 20 ms of s16 samples, at most 48 kHz, each with its loudness.

export const CHUNK_S = 0.02; // 50 messages a second: half of what the server allows
const RATE_MAX_HZ = 48_000; // the protocol's highest rate

export interface Slice {
  samples: Int16Array<ArrayBuffer>;
  level: number; // root mean square, 0..1
}

export function sentRateHz(inputRateHz: number): number {
  return Math.min(Math.round(inputRateHz), RATE_MAX_HZ);
}

/** Streams float samples in any block size into equal slices. */
export class Slicer {
  private readonly ratio: number;
  private pending: Int16Array<ArrayBuffer>;
  private filled = 0;
  private energy = 0;
  private sum = 0; // of the input samples that the next output sample averages
  private weight = 0;

  constructor(inputRateHz: number) {
    this.ratio = Math.max(1, inputRateHz / RATE_MAX_HZ);
    this.pending = new Int16Array(Math.round(sentRateHz(inputRateHz) * CHUNK_S));
  }

  push(block: Float32Array, emit: (slice: Slice) => void): void {
    for (const sample of block) {
      if (this.ratio === 1) this.put(sample, emit);
      else this.average(sample, emit);
    }
  }

  /** Averages over each output sample's span: filter enough, since speech ends far below 24 kHz. */
  private average(sample: number, emit: (slice: Slice) => void): void {
    const left = this.ratio - this.weight;
    if (left > 1) {
      this.sum += sample;
      this.weight += 1;
      return;
    }
    this.put((this.sum + sample * left) / this.ratio, emit);
    this.sum = sample * (1 - left);
    this.weight = 1 - left;
  }

  private put(sample: number, emit: (slice: Slice) => void): void {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.energy += clipped * clipped;
    this.pending[this.filled++] = Math.round(clipped * 32767);
    if (this.filled < this.pending.length) return;
    const samples = this.pending;
    const level = Math.sqrt(this.energy / samples.length);
    this.pending = new Int16Array(samples.length);
    this.filled = 0;
    this.energy = 0;
    emit({ samples, level });
  }
}
