// What the original page does with sound: when it plays, what it throws away. Times in milliseconds.

const BYTES_PER_SAMPLE = 2;

/** A loudspeaker that follows the original page's rules; `cuts` is what they threw away unheard. */
export class Loudspeaker {
  answers = [];
  cuts = [];
  stray = []; // sound that belongs to no open answer
  #current = null;
  #silentAt = 0; // when what is queued has been played

  /** A new answer: stop, clear. */
  start(utteranceId, now) {
    this.#clear("start", now);
    this.#current = { utteranceId, chunks: 0, ms: 0, longestGapMs: 0, firstAt: null, complete: false };
    this.answers.push(this.#current);
  }

  /** Sound of the current answer is queued; of any other: stop, clear, switch. */
  chunk({ utteranceId, audio, sampleRate }, now) {
    if (this.#current?.utteranceId !== utteranceId) {
      this.stray.push(`a chunk of ${utteranceId} before its start`);
      this.start(utteranceId, now);
    }
    const answer = this.#current;
    if (answer.complete) this.stray.push(`a chunk of ${utteranceId} after its end`);
    if (answer.firstAt === null) answer.firstAt = now;
    else answer.longestGapMs = Math.max(answer.longestGapMs, now - this.#silentAt);
    const lengthMs = (audio.length / BYTES_PER_SAMPLE / sampleRate) * 1000;
    answer.chunks += 1;
    answer.ms += lengthMs;
    this.#silentAt = Math.max(this.#silentAt, now) + lengthMs;
  }

  complete(utteranceId) {
    const answer = this.answers.find((known) => known.utteranceId === utteranceId);
    if (!answer || answer.complete) this.stray.push(`an end of ${utteranceId} without a beginning`);
    else answer.complete = true;
  }

  /** Interrupt and stop: silence at once. */
  stop(why, now) {
    this.#clear(why, now);
  }

  /** How long what is queued will still sound. */
  leftMs(now) {
    return Math.max(0, this.#silentAt - now);
  }

  #clear(why, now) {
    const leftMs = this.leftMs(now);
    if (leftMs > 0) this.cuts.push({ why, leftMs });
    this.#silentAt = now;
  }
}
