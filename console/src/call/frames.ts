// What each message of the server changes in what the page knows.
import type { Frame, Payload } from "../net/codec";
import * as lines from "./lines";
import { noticeOf } from "./notices";
import type { CallState, Talk } from "./state";

type Change = (state: CallState, payload: Payload) => Partial<CallState>;

const CHANGES: Record<string, Change> = {
  "conversation.state.changed": (state, { to }) => ({
    talk: to as Talk,
    lines: to === "LISTENING" ? lines.settleVoices(state.lines) : state.lines,
  }),
  "transcript.interim.result": (state, { text }) => ({
    lines: lines.hearInterim(state.lines, string(text)),
  }),
  "transcript.final.result": (state, { text }) => ({
    lines: lines.hearFinal(state.lines, string(text)),
    notice: state.notice?.lasting ? state.notice : null,
  }),
  "conversation.response.start": (state, { utteranceId, waitedMs }) => ({
    lines: lines.beginAnswer(state.lines, string(utteranceId), number(waitedMs)),
  }),
  "conversation.response.token": (state, { token }) => ({
    lines: lines.addToken(state.lines, string(token)),
  }),
  "conversation.response.complete": (state, { fullResponse }) => ({
    lines: lines.completeAnswer(state.lines, string(fullResponse)),
  }),
  "conversation.state.interrupted": (state, { partialResponse }) => ({
    lines: lines.interruptAnswer(state.lines, string(partialResponse)),
  }),
  "audio.output.start": (state, { utteranceId }) => ({
    lines: lines.beginVoice(state.lines, string(utteranceId)),
  }),
  "audio.output.complete": (state, { utteranceId, duration }) => ({
    lines: lines.completeVoice(state.lines, string(utteranceId), number(duration) ?? 0),
  }),
};

export function applyFrame(state: CallState, frame: Frame): CallState {
  const change = CHANGES[frame.eventType];
  if (change) return { ...state, ...change(state, frame.payload) };
  const notice = noticeOf(frame);
  return notice ? { ...state, notice } : state;
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
