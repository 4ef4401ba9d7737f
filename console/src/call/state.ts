// What the page knows of a call: one value, changed only by `reduce`.
import type { Position } from "../audio/queue";
import type { ServerFrame, StateChanged } from "../wire";
import { applyFrame } from "./frames";
import { endLines, type Line, moveSpoken } from "./lines";
import type { Notice } from "./notices";

export type Phase = "idle" | "connecting" | "live" | "ended";
export type Talk = StateChanged["to"];

export interface CallState {
  phase: Phase;
  talk: Talk;
  lines: readonly Line[];
  muted: boolean;
  held: boolean; // the agent's sound waits while the caller may be speaking
  notice: Notice | null;
  startedMs: number;
  endedMs: number;
  previous: CallState | null; // the last call, kept until the next one has really begun
}

export type Action =
  | { type: "dialled" }
  | { type: "answered"; atMs: number }
  | { type: "frame"; frame: ServerFrame }
  | { type: "moved"; position: Position }
  | { type: "muted"; muted: boolean }
  | { type: "noticed"; notice: Notice | null }
  | { type: "ended"; atMs: number; notice: Notice | null };

export const INITIAL: CallState = {
  phase: "idle",
  talk: "INITIALIZING",
  lines: [],
  muted: false,
  held: false,
  notice: null,
  startedMs: 0,
  endedMs: 0,
  previous: null,
};

export function reduce(state: CallState, action: Action): CallState {
  switch (action.type) {
    case "dialled":
      return { ...INITIAL, phase: "connecting", previous: state.phase === "ended" ? state : null };
    case "answered":
      return state.phase === "connecting" ? begun(state, action.atMs) : state;
    case "frame":
      return state.phase === "ended" ? state : applyFrame(state, action.frame);
    case "moved":
      return { ...state, held: action.position.paused, lines: moveSpoken(state.lines, action.position) };
    case "muted":
      return { ...state, muted: action.muted };
    case "noticed":
      return { ...state, notice: action.notice };
    case "ended":
      return ended(state, action.atMs, action.notice);
  }
}

function begun(state: CallState, atMs: number): CallState {
  return { ...state, phase: "live", startedMs: atMs, previous: null };
}

function ended(state: CallState, atMs: number, notice: Notice | null): CallState {
  if (state.phase === "ended" || state.phase === "idle") return state;
  const reason = state.notice?.final || !notice ? remaining(state.notice) : notice;
  // A call that never began has nothing to sum up: back to where one was, with the reason.
  if (state.phase === "connecting") return { ...(state.previous ?? INITIAL), notice: reason };
  return {
    ...state,
    phase: "ended",
    talk: "ENDED",
    held: false,
    lines: endLines(state.lines),
    endedMs: atMs,
    notice: reason,
  };
}

function remaining(notice: Notice | null): Notice | null {
  return notice?.lasting || notice?.final ? notice : null;
}
