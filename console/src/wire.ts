// What goes over the WebSocket between this page and the server.
// Written by tools/generate.py from src/vantum/wire/events.py; do not edit.

export const SUBPROTOCOL = "vantum.v2";

export const EVENTS = {
  connection: {
    lifecycle: {
      ACK: "connection.lifecycle.ack",
      HEARTBEAT: "connection.lifecycle.heartbeat",
      DISCONNECT: "connection.lifecycle.disconnect",
    },
    error: {
      GENERAL: "connection.error.general",
      TIMEOUT: "connection.error.timeout",
      AUTH_FAILED: "connection.error.auth_failed",
    },
  },
  audio: {
    input: {
      START: "audio.input.start",
      CHUNK: "audio.input.chunk",
      STOP: "audio.input.stop",
    },
    output: {
      START: "audio.output.start",
      CHUNK: "audio.output.chunk",
      COMPLETE: "audio.output.complete",
      CANCEL: "audio.output.cancel",
    },
    error: {
      INVALID_FORMAT: "audio.error.invalid_format",
      UNSUPPORTED_RATE: "audio.error.unsupported_rate",
      BUFFER_OVERFLOW: "audio.error.buffer_overflow",
    },
  },
  transcript: {
    interim: {
      RESULT: "transcript.interim.result",
    },
    final: {
      RESULT: "transcript.final.result",
    },
    error: {
      LOW_CONFIDENCE: "transcript.error.low_confidence",
      STT_FAILED: "transcript.error.stt_failed",
    },
  },
  conversation: {
    state: {
      CHANGED: "conversation.state.changed",
      INTERRUPTED: "conversation.state.interrupted",
    },
    response: {
      START: "conversation.response.start",
      TOKEN: "conversation.response.token",
      COMPLETE: "conversation.response.complete",
    },
    error: {
      LLM_TIMEOUT: "conversation.error.llm_timeout",
      LLM_FAILED: "conversation.error.llm_failed",
      CONTEXT_TOO_LONG: "conversation.error.context_too_long",
    },
  },
  user: {
    action: {
      INTERRUPT: "user.action.interrupt",
      END_CALL: "user.action.end_call",
      MUTE: "user.action.mute",
      UNMUTE: "user.action.unmute",
    },
    feedback: {
      SENTIMENT: "user.feedback.sentiment",
    },
  },
  system: {
    status: {
      READY: "system.status.ready",
      BUSY: "system.status.busy",
      MAINTENANCE: "system.status.maintenance",
    },
    notification: {
      RATE_LIMIT_WARNING: "system.notification.rate_limit_warning",
      QUOTA_EXCEEDED: "system.notification.quota_exceeded",
    },
  },
  error: {
    general: {
      UNKNOWN: "error.general.unknown",
      INTERNAL_SERVER_ERROR: "error.general.internal_server_error",
    },
    service: {
      STT_UNAVAILABLE: "error.service.stt_unavailable",
      LLM_UNAVAILABLE: "error.service.llm_unavailable",
      TTS_UNAVAILABLE: "error.service.tts_unavailable",
      TELEPHONY_UNAVAILABLE: "error.service.telephony_unavailable",
    },
  },
} as const;

export const EXTENSIONS = {
  audio: {
    output: {
      PROGRESS: "audio.output.progress",
      PAUSE: "audio.output.pause",
      RESUME: "audio.output.resume",
    },
  },
} as const;

/** A piece of the recording. */
export interface AudioInputChunk {
  /** bytes (16-bit little-endian mono PCM) */
  audio: Uint8Array;
  isMuted?: boolean;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** How a recording is sent, and who is to answer it. */
export interface AudioInputStart {
  /** a whole number of Hz from 8000 to 48000 */
  samplingRate?: number;
  /** a language in the form en-US */
  language?: string;
  /** text of 1 to 128 characters */
  voiceId?: string;
  /** text of 1 to 128 characters */
  agent?: string;
  turnDetection?: "automatic" | "manual";
}

/** The recording is complete. */
export interface AudioInputStop {
  /** text of at most 1000 characters */
  reason?: string;
}

/** The answer is over before its end. */
export interface AudioOutputCancel {
  reason: "interrupt" | "stop";
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** The next sound of the answer. */
export interface AudioOutputChunk {
  /** bytes (16-bit little-endian mono PCM) */
  audio: Uint8Array;
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a whole number of Hz from 8000 to 48000 */
  sampleRate: number;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** All sound of the answer has been sent. */
export interface AudioOutputComplete {
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a number of milliseconds from 0 */
  duration?: number;
  /** a whole number from 0 */
  totalChunks?: number;
}

/** The answer that is to fall silent, or to go on from there. */
export interface AudioOutputHold {
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** How much of the answer has been heard. */
export interface AudioOutputProgress {
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a number of milliseconds from 0 to 7200000 */
  playedMs: number;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** An answer begins; everything still playing stops. */
export interface AudioOutputStart {
  /** text of 1 to 128 characters */
  utteranceId: string;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
  /** a whole number of Hz from 8000 to 48000 */
  samplingRate?: number;
  /** a whole number from 0 */
  textLength?: number;
}

/** How full the server is. */
export interface Busy {
  /** a whole number from 0 */
  activeSessions: number;
  /** a whole number from 0 */
  maxSessions: number;
  message?: string;
}

/** The connection is open and this is its session. */
export interface ConnectionAck {
  success: boolean;
  /** text of 1 to 128 characters */
  sessionId?: string;
}

/** Why the connection is about to be closed. */
export interface Disconnect {
  /** text of at most 1000 characters */
  reason?: string;
  /** a WebSocket close code from 1000 to 4999 */
  code?: number;
}

/** Why the person ends the call. */
export interface EndCall {
  /** text of at most 1000 characters */
  reason?: string;
}

/** How the person at the page liked it. */
export interface Feedback {
  sentiment: "negative" | "neutral" | "positive";
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** What was understood; it stands. */
export interface FinalResult {
  text: string;
  /** a number from 0 to 1 */
  confidence: number;
  isFinal: boolean;
  /** a number of milliseconds from 0 */
  duration?: number;
  /** a number of milliseconds since 1970 */
  timestamp?: number;
  /** a language in the form en-US */
  language?: string;
}

/** What was understood so far; it may still change. */
export interface InterimResult {
  text: string;
  /** a number from 0 to 1 */
  confidence: number;
  isFinal: boolean;
}

/** Something was heard but hardly understood. */
export interface LowConfidence {
  message: string;
  /** a number from 0 to 1 */
  confidence: number;
  code?: string;
}

/** The server goes away for about this long. */
export interface Maintenance {
  /** a number of milliseconds from 0 */
  estimatedDowntime: number;
}

/** Nothing but when it happened. */
export interface Moment {
  /** a number of milliseconds since 1970 */
  timestamp?: number;
}

/** What went wrong, for a person; `code` for a program. */
export interface Problem {
  message: string;
  code?: string;
}

/** A provider's allowance is used up, and when it is renewed, where that is known. */
export interface QuotaExceeded {
  service: "llm" | "stt" | "telephony" | "tts";
  /** a number of milliseconds since 1970 */
  resetAt?: number;
}

/** A provider's allowance is nearly used up. */
export interface RateLimitWarning {
  service: "llm" | "stt" | "telephony" | "tts";
  /** a whole number from 0 */
  remainingQuota: number;
}

/** The whole answer as written. */
export interface ResponseComplete {
  fullResponse: string;
  /** a whole number from 0 */
  tokenCount: number;
  /** a number of milliseconds from 0 */
  duration: number;
}

/** The model begins to answer, and how long the caller has waited for it. */
export interface ResponseStart {
  /** a number of milliseconds since 1970 */
  timestamp: number;
  /** text of 1 to 128 characters */
  utteranceId?: string;
  /** a number of milliseconds from 0 */
  waitedMs?: number;
}

/** The next bit of the answer's text. */
export interface ResponseToken {
  token: string;
  /** a whole number from 0 */
  index: number;
}

/** The conversation moved from one state to another. */
export interface StateChanged {
  from: "ENDED" | "ENDING" | "INITIALIZING" | "INTERRUPTED" | "LISTENING" | "RESPONDING" | "THINKING";
  to: "ENDED" | "ENDING" | "INITIALIZING" | "INTERRUPTED" | "LISTENING" | "RESPONDING" | "THINKING";
  /** a number of milliseconds since 1970 */
  timestamp: number;
}

/** The caller cut in; this much of the answer had been heard. */
export interface StateInterrupted {
  partialResponse: string;
  /** a number of milliseconds since 1970 */
  timestamp: number;
}

export interface ClientPayloads {
  "connection.lifecycle.heartbeat": Moment;
  "connection.lifecycle.disconnect": Disconnect;
  "audio.input.start": AudioInputStart;
  "audio.input.chunk": AudioInputChunk;
  "audio.input.stop": AudioInputStop;
  "user.action.interrupt": Moment;
  "user.action.end_call": EndCall;
  "user.action.mute": Moment;
  "user.action.unmute": Moment;
  "user.feedback.sentiment": Feedback;
  "audio.output.progress": AudioOutputProgress;
}

export interface ServerPayloads {
  "connection.lifecycle.ack": ConnectionAck;
  "connection.lifecycle.heartbeat": Moment;
  "connection.lifecycle.disconnect": Disconnect;
  "connection.error.general": Problem;
  "connection.error.timeout": Problem;
  "connection.error.auth_failed": Problem;
  "audio.output.start": AudioOutputStart;
  "audio.output.chunk": AudioOutputChunk;
  "audio.output.complete": AudioOutputComplete;
  "audio.output.cancel": AudioOutputCancel;
  "audio.error.invalid_format": Problem;
  "audio.error.unsupported_rate": Problem;
  "audio.error.buffer_overflow": Problem;
  "transcript.interim.result": InterimResult;
  "transcript.final.result": FinalResult;
  "transcript.error.low_confidence": LowConfidence;
  "transcript.error.stt_failed": Problem;
  "conversation.state.changed": StateChanged;
  "conversation.state.interrupted": StateInterrupted;
  "conversation.response.start": ResponseStart;
  "conversation.response.token": ResponseToken;
  "conversation.response.complete": ResponseComplete;
  "conversation.error.llm_timeout": Problem;
  "conversation.error.llm_failed": Problem;
  "conversation.error.context_too_long": Problem;
  "system.status.ready": Moment;
  "system.status.busy": Busy;
  "system.status.maintenance": Maintenance;
  "system.notification.rate_limit_warning": RateLimitWarning;
  "system.notification.quota_exceeded": QuotaExceeded;
  "error.general.unknown": Problem;
  "error.general.internal_server_error": Problem;
  "error.service.stt_unavailable": Problem;
  "error.service.llm_unavailable": Problem;
  "error.service.tts_unavailable": Problem;
  "error.service.telephony_unavailable": Problem;
  "audio.output.pause": AudioOutputHold;
  "audio.output.resume": AudioOutputHold;
}

export type ClientEvent = keyof ClientPayloads;
export type ServerEvent = keyof ServerPayloads;

export interface Envelope<Name extends string, Payload> {
  eventType: Name;
  eventId: string;
  sessionId: string;
  payload: Payload;
  /** In errors: the eventType of the failed request. */
  requestType?: string;
}

export type Ack = Envelope<"audio.input.start" | "audio.input.stop", { success: true }>;

export type ClientFrame = {
  [Name in ClientEvent]: Envelope<Name, ClientPayloads[Name]>;
}[ClientEvent];

export type ServerFrame =
  | Ack
  | {
      [Name in ServerEvent]: Envelope<Name, ServerPayloads[Name]>;
    }[ServerEvent];
