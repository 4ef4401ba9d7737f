// What the caller says: a WAV file, or a tone when there is none. Samples are s16, one channel.
import { readFileSync } from "node:fs";

const TONE_HZ = 440;
const TONE_S = 0.6;
const TONE_PEAK = 8_000;

export function tone(rateHz = 48_000) {
  const turn = (2 * Math.PI * TONE_HZ) / rateHz;
  const samples = Int16Array.from({ length: rateHz * TONE_S }, (_, i) => TONE_PEAK * Math.sin(i * turn));
  return { rateHz, samples };
}

export function wav(path) {
  const file = readFileSync(path);
  if (file.toString("latin1", 0, 4) !== "RIFF") throw new Error(`${path} is no WAV file`);
  const found = {};
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    found[file.toString("latin1", at, at + 4)] = file.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2); // RIFF pads chunks to even lengths
  }
  const format = found["fmt "];
  if (format.readUInt16LE(2) !== 1 || format.readUInt16LE(14) !== 16) {
    throw new Error(`${path}: one channel of 16-bit samples is needed`);
  }
  const bytes = Uint8Array.from(found.data.subarray(0, found.data.length & ~1));
  return { rateHz: format.readUInt32LE(4), samples: new Int16Array(bytes.buffer) };
}
