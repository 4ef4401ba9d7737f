// How a frame becomes bytes and back: one MessagePack map per binary message, plain maps only.
import { Packr } from "msgpackr/index-no-eval";
// The build without `eval`: the page is served with a CSP that forbids it.

export type Payload = Record<string, unknown>;

export interface Frame {
  eventType: string;
  eventId: string;
  sessionId: string;
  payload: Payload;
  requestType?: string;
}

const packr = new Packr({
  useRecords: false, // records are msgpackr's own extension; the server speaks plain MessagePack
  encodeUndefinedAsNil: true,
  int64AsType: "number",
});

export function encode(frame: Frame): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(packr.pack(frame));
}

/** The frame in these bytes, or null when they are no frame. */
export function decode(data: ArrayBuffer): Frame | null {
  let value: unknown;
  try {
    value = packr.unpack(new Uint8Array(data));
  } catch {
    return null;
  }
  if (!isMap(value) || typeof value.eventType !== "string") return null;
  return {
    eventType: value.eventType,
    eventId: text(value.eventId),
    sessionId: text(value.sessionId),
    payload: isMap(value.payload) ? value.payload : {},
    ...(typeof value.requestType === "string" ? { requestType: value.requestType } : {}),
  };
}

/** Samples of s16le bytes; copied, because a view may start at an odd address. */
export function samplesOf(audio: unknown): Int16Array<ArrayBuffer> {
  if (!(audio instanceof Uint8Array)) return new Int16Array(0);
  const even = audio.byteLength & ~1;
  return new Int16Array(Uint8Array.from(audio.subarray(0, even)).buffer);
}

/** The bytes of 16-bit samples; every browser's platform is little-endian. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function isMap(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
