// How microphone sound becomes chunks.
import { describe, expect, it } from "vitest";
import { sentRateHz, type Slice, Slicer } from "../src/audio/slicer";

const slices = (rateHz: number, sound: Float32Array, block = 128) => {
  const slicer = new Slicer(rateHz);
  const out: Slice[] = [];
  for (let at = 0; at < sound.length; at += block) {
    slicer.push(sound.subarray(at, at + block), (slice) => out.push(slice));
  }
  return out;
};

describe("Slicer", () => {
  it.each([
    [8_000, 160],
    [16_000, 320],
    [44_100, 882],
    [48_000, 960],
    [88_200, 960],
    [96_000, 960],
    [192_000, 960],
  ])("cuts %i Hz into slices of %i samples, 50 a second", (rateHz, length) => {
    const cut = slices(rateHz, new Float32Array(rateHz));
    expect(cut).toHaveLength(50);
    expect(new Set(cut.map(({ samples }) => samples.length))).toEqual(new Set([length]));
    expect(sentRateHz(rateHz)).toBe(length * 50);
  });

  it("does not depend on the block size", () => {
    const sound = Float32Array.from({ length: 9600 }, (_, i) => Math.sin(i / 20));
    expect(slices(96_000, sound, 37)).toEqual(slices(96_000, sound, 128));
  });

  it("clips instead of wrapping around", () => {
    const [slice] = slices(48_000, new Float32Array(960).fill(1.7));
    expect(slice?.samples[0]).toBe(32767);
    expect(slice?.level).toBe(1);
  });

  it("tells the loudness of each slice", () => {
    expect(slices(48_000, new Float32Array(960).fill(0.5))[0]?.level).toBeCloseTo(0.5);
    expect(slices(48_000, new Float32Array(960))[0]?.level).toBe(0);
  });
});
