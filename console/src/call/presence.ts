// The one word that tells the caller where the call stands, and what they can do now.
import type { CallState } from "./state";

export type PresenceKey =
  | "idle" | "connecting" | "listening" | "thinking" | "speaking" | "ending" | "ended";

export interface Presence {
  key: PresenceKey;
  word: string;
  hint: string;
}

/** `keys`: there is a keyboard to interrupt with. */
export function presenceOf(state: CallState, keys = true): Presence {
  if (state.phase === "idle") return { key: "idle", word: "Ready", hint: "" };
  if (state.phase === "ended") return { key: "ended", word: "Ended", hint: "The call is over." };
  if (state.phase === "connecting" || state.talk === "INITIALIZING") {
    return { key: "connecting", word: "Connecting", hint: "One moment…" };
  }
  switch (state.talk) {
    case "THINKING":
      return { key: "thinking", word: "Thinking", hint: "Finding the right words…" };
    case "RESPONDING":
      return {
        key: "speaking",
        word: "Speaking",
        hint: speakingHint(state.held, keys),
      };
    case "ENDING":
      return { key: "ending", word: "Ending", hint: "Saying goodbye…" };
    case "ENDED":
      return { key: "ended", word: "Ended", hint: "The call is over." };
    default:
      return {
        key: "listening",
        word: "Listening",
        hint: state.muted ? "You are muted. Unmute to speak." : "Go ahead, speak.",
      };
  }
}

function speakingHint(held: boolean, keys: boolean): string {
  if (held) return "Paused, in case you want to speak.";
  return keys ? "Just talk, or press Esc, to interrupt." : "Just talk to interrupt.";
}
