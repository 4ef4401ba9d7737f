// Every trouble in plain words, each with what to do about it.
import type { Closed } from "../net/connection";
import type { Off } from "../net/setup";
import { EVENTS, type ServerEvent, type ServerFrame } from "../wire";

export interface Notice {
  tone: "calm" | "warning" | "error";
  text: string;
  retry?: string; // the label of a button that tries again
  lasting?: boolean; // stays; others go when the next sentence is understood
  final?: boolean; // why the call ends; what the socket says afterwards adds nothing
}

const BUSY: Notice = {
  tone: "warning",
  text: "All lines are busy right now. Please try again in a minute.",
  retry: "Try again",
  final: true,
};

const LOST: Notice = {
  tone: "error",
  text: "The connection was lost. Check your network, then start again.",
  retry: "Reconnect",
};

const UNREACHABLE: Notice = {
  tone: "error",
  text: "The server cannot be reached. Check that Vantum is running, then try again.",
  retry: "Try again",
};

// Whether it comes back, only who stopped it knows.
const GOING_DOWN: Notice = {
  tone: "warning",
  text: "The server is going down. Try again in a minute.",
  retry: "Reconnect",
  final: true,
};

const BY_EVENT: { [Name in ServerEvent]?: Notice } = {
  "system.status.maintenance": GOING_DOWN,
  "transcript.error.low_confidence": {
    tone: "calm",
    text: "That was hard to hear. Speak a little louder or closer to the microphone.",
  },
  "transcript.error.stt_failed": {
    tone: "error",
    text: "Your words could not be understood just now. Please say it again.",
  },
  "error.service.stt_unavailable": {
    tone: "error",
    text: "Speech recognition is not available, so the agent cannot hear you. Try again later.",
    lasting: true,
  },
  "error.service.tts_unavailable": {
    tone: "warning",
    text: "The agent's voice is not available. Its answers appear below as text.",
    lasting: true,
  },
  "error.service.llm_unavailable": {
    tone: "error",
    text: "The agent cannot think of answers right now. Try again later.",
    lasting: true,
  },
  "conversation.error.llm_timeout": {
    tone: "warning",
    text: "The answer took too long. Please say it again.",
  },
  "conversation.error.llm_failed": {
    tone: "warning",
    text: "The agent could not find an answer. Please say it again.",
  },
  "connection.error.timeout": LOST,
};

const BY_END: Record<string, Notice> = {
  silence: { tone: "calm", text: "The agent hung up because it heard nothing for a while.", final: true },
  faults: {
    tone: "error",
    text: "The call ended because answers kept failing. Try again in a minute.",
    retry: "Try again",
    final: true,
  },
  expired: { tone: "calm", text: "The call reached its time limit.", final: true },
  shutdown: GOING_DOWN,
  setup_failed: {
    tone: "error",
    text: "The agent could not be started. The server's log says why.",
    retry: "Try again",
    final: true,
  },
};

/** What a visitor cannot have on this server, and what to do about it. */
export function offNotice(off: Off): Notice | null {
  const lacks = [off.stt !== undefined && "hear you", off.llm !== undefined && "think", off.tts !== undefined && "speak"];
  const cannot = lacks.filter((lack) => lack !== false).join(" or ");
  if (!cannot) return null;
  const deaf = cannot !== "speak";
  const reasons = [...new Set(Object.values(off))].join("; ").replace(/`([^`]*)`/g, "“$1”");
  const means = deaf ? "" : " Its answers appear as text.";
  return {
    tone: deaf ? "error" : "warning",
    text: `The agent cannot ${cannot}.${means} What to mend on the server: ${sentence(reasons)} Then start Vantum again.`,
  };
}

/** What to tell the caller about this frame, if anything. */
export function noticeOf({ eventType, payload }: ServerFrame): Notice | null {
  if (eventType === EVENTS.system.status.BUSY) return busyNotice(payload.message);
  const known = BY_EVENT[eventType as ServerEvent];
  if (known) return known;
  if (eventType === EVENTS.connection.lifecycle.DISCONNECT) return BY_END[payload.reason ?? ""] ?? null;
  if (!eventType.split(".").includes("error")) return null;
  const message = "message" in payload ? payload.message : "";
  return { tone: "warning", text: message ? `Something went wrong: ${message}` : "Something went wrong." };
}

/** The server's own words tell all lines from all voices. */
function busyNotice(message = ""): Notice {
  return message.trim() ? { ...BUSY, text: sentence(message.trim()) } : BUSY;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Why the socket closed; null when the call simply ended. */
export function closeNotice({ code }: Closed, answered: boolean): Notice | null {
  if (code === 1000) return null;
  if (code === 1013 || code === 4429) return BUSY;
  if (code === 1001 || code === 1012) return GOING_DOWN;
  return answered ? LOST : UNREACHABLE;
}

export function microphoneNotice(error: unknown): Notice {
  const name = error instanceof DOMException ? error.name : "";
  return { tone: "error", text: MICROPHONE[name] ?? MICROPHONE_UNKNOWN, retry: "Try again" };
}

export const MICROPHONE_LOST: Notice = {
  tone: "error",
  text: "The microphone went away. Plug it back in or choose another, then start a new call.",
  lasting: true,
};

const MICROPHONE_UNKNOWN = "The microphone could not be opened. Check that it is connected, then try again.";

const MICROPHONE: Record<string, string> = {
  NotAllowedError:
    "The microphone is blocked. Allow it for this page beside the address bar, then try again.",
  NotFoundError: "No microphone was found. Plug one in, then try again.",
  NotReadableError: "Another program is using the microphone. Close it there, then try again.",
  SecurityError: "Browsers give the microphone to secure pages only. Open this page over https or on localhost.",
};
