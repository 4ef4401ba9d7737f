// The test seam: what a browser test may read of a call, kept out of the page's own logic.
// window.__vantum = {
//   state     idle | connecting | listening | thinking | speaking | ending | ended
//   playedMs  how much of the current answer has left for the loudspeaker
//   queuedMs  how much sound waits behind it
//   paused    the agent's sound is held
//   events    the last 200 names received; a run of one name counts once, so that sound does not hide the rest
// }
import type { PresenceKey } from "./call/presence";

const EVENTS_KEPT = 200;

export const seam = {
  state: "idle" as PresenceKey,
  playedMs: 0,
  queuedMs: 0,
  paused: false,
  events: [] as string[],
};

declare global {
  interface Window {
    __vantum: typeof seam;
  }
}

window.__vantum = seam;

export function recordEvent(name: string): void {
  if (seam.events.at(-1) === name) return;
  seam.events.push(name);
  if (seam.events.length > EVENTS_KEPT) seam.events.shift();
}
