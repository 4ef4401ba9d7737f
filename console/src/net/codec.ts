// How a frame becomes bytes and back: one MessagePack map per binary message, plain maps only.
import { Packr } from "msgpackr/index-no-eval";
// The build without `eval`: the page is served with a CSP that forbids it.
import type { ClientFrame, ServerFrame } from "../wire";

const packr = new Packr({
  useRecords: false, // records are msgpackr's own extension; the server speaks plain MessagePack
  encodeUndefinedAsNil: true,
  int64AsType: "number",
});

export function encode(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(packr.pack(frame));
}

/** The frame in these bytes, or null when they are none. The payload is what the server's own types say. */
export function decode(data: ArrayBuffer): ServerFrame | null {
  let value: unknown;
  try {
    value = packr.unpack(new Uint8Array(data));
  } catch {
    return null;
  }
  if (!isMap(value) || typeof value.eventType !== "string" || !isMap(value.payload)) return null;
  return value as unknown as ServerFrame;
}

/** Samples of s16le bytes; copied, because a view may start at an odd address. */
export function samplesOf(audio: Uint8Array): Int16Array<ArrayBuffer> {
  const even = audio.byteLength & ~1;
  return new Int16Array(Uint8Array.from(audio.subarray(0, even)).buffer);
}

/** The bytes of 16-bit samples; every browser's platform is little-endian. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
