// How loud both sides are right now: read by the meters at every frame, so kept out of React's state.

export const levels = { caller: 0, agent: 0 };

/** Loudness as the eye expects it: -54 dB is nothing, -12 dB is full. */
export function shown(rms: number): number {
  const db = 20 * Math.log10(Math.max(rms, 1e-6));
  return Math.max(0, Math.min(1, (db + 54) / 42));
}
