// What each message of the server changes in what the page knows.
import type { ServerEvent, ServerFrame, ServerPayloads } from "../wire";
import * as lines from "./lines";
import { noticeOf } from "./notices";
import type { CallState } from "./state";

type Changes = {
  [Name in ServerEvent]?: (state: CallState, payload: ServerPayloads[Name]) => Partial<CallState>;
};

const CHANGES: Changes = {
  "conversation.state.changed": (state, { to }) => ({
    talk: to,
    lines: to === "LISTENING" ? lines.settleVoices(state.lines) : state.lines,
  }),
  "transcript.interim.result": (state, { text }) => ({
    lines: lines.hearInterim(state.lines, text),
  }),
  "transcript.final.result": (state, { text }) => ({
    lines: lines.hearFinal(state.lines, text),
    notice: state.notice?.lasting ? state.notice : null,
  }),
  "conversation.response.start": (state, { utteranceId = "", waitedMs = null }) => ({
    lines: lines.beginAnswer(state.lines, utteranceId, waitedMs),
  }),
  "conversation.response.token": (state, { token }) => ({
    lines: lines.addToken(state.lines, token),
  }),
  "conversation.response.complete": (state, { fullResponse }) => ({
    lines: lines.completeAnswer(state.lines, fullResponse),
  }),
  "conversation.state.interrupted": (state, { partialResponse }) => ({
    lines: lines.interruptAnswer(state.lines, partialResponse),
  }),
  "audio.output.start": (state, { utteranceId }) => ({
    lines: lines.beginVoice(state.lines, utteranceId),
  }),
  "audio.output.complete": (state, { utteranceId, duration = null }) => ({
    lines: lines.completeVoice(state.lines, utteranceId, duration),
  }),
};

export function applyFrame(state: CallState, frame: ServerFrame): CallState {
  const change = CHANGES[frame.eventType as ServerEvent] as Change | undefined;
  if (change) return { ...state, ...change(state, frame.payload) };
  const notice = noticeOf(frame);
  return notice ? { ...state, notice } : state;
}

// The table pairs each name with its payload; looked up by a name, TypeScript forgets the pairing.
type Change = (state: CallState, payload: unknown) => Partial<CallState>;
