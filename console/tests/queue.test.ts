// Which sample is heard next.
import { describe, expect, it } from "vitest";
import { PlayQueue } from "../src/audio/queue";

const RATE = 48_000;
const FADE = 480;
const ramp = (from: number, length: number) => Int16Array.from({ length }, (_, i) => from + i);
const heard = (queue: PlayQueue, length: number) => {
  const out = new Float32Array(length);
  queue.render(out);
  return Array.from(out, (sample) => Math.round(sample * 32768));
};
const playing = (...chunks: Int16Array[]) => {
  const queue = new PlayQueue(RATE);
  queue.begin("a", RATE);
  for (const chunk of chunks) queue.push("a", chunk);
  return queue;
};

describe("PlayQueue", () => {
  it("plays chunks back to back, whatever the render size", () => {
    const queue = playing(ramp(1, 100), ramp(101, 50), ramp(151, 106));
    expect([...heard(queue, 128), ...heard(queue, 128)]).toEqual([...ramp(1, 256)]);
  });

  it("is silent while starved and goes on where it stood", () => {
    const queue = playing(ramp(1, 10));
    expect(heard(queue, 20)).toEqual([...ramp(1, 10), ...Array(10).fill(0)]);
    queue.push("a", ramp(11, 5));
    expect(heard(queue, 5)).toEqual([...ramp(11, 5)]);
  });

  it("counts played and queued milliseconds", () => {
    const queue = playing(ramp(0, 4800));
    heard(queue, 960);
    expect(queue.position()).toEqual({ utteranceId: "a", playedMs: 20, queuedMs: 80, paused: false });
  });

  it("holds within the fade and resumes at the exact sample", () => {
    const queue = playing(new Int16Array(4800).fill(1000));
    heard(queue, 128);
    const before = queue.position().playedMs;
    queue.pause("a");
    const fading = heard(queue, FADE);
    expect(fading[0]).toBe(1000);
    expect(fading.at(-1)).toBeLessThan(5);
    expect(heard(queue, 1000).every((sample) => sample === 0)).toBe(true);
    expect(queue.position()).toMatchObject({ playedMs: before, paused: true });

    queue.resume("a");
    const rising = heard(queue, FADE);
    expect(rising[0]).toBeLessThan(5);
    expect(heard(queue, 1)).toEqual([1000]);
  });

  it("loses no sample over a hold", () => {
    const queue = playing(ramp(0, 4800));
    heard(queue, 128);
    queue.pause("a");
    heard(queue, 960);
    queue.resume("a");
    heard(queue, FADE);
    expect(heard(queue, 3)).toEqual([608, 609, 610]);
  });

  it.each([0, 1, 128, 3000])("is silent 10 ms after a drop at sample %i", (at) => {
    const queue = playing(new Int16Array(4800).fill(9000));
    heard(queue, at);
    queue.cancel("a");
    heard(queue, FADE);
    expect(heard(queue, 500).every((sample) => sample === 0)).toBe(true);
    expect(queue.position()).toMatchObject({ queuedMs: 0 });
  });

  it("ignores sound of a dropped or unknown utterance", () => {
    const queue = playing(ramp(1, 10));
    queue.cancel("a");
    queue.push("a", ramp(1, 500));
    queue.push("never", ramp(1, 500));
    heard(queue, FADE);
    expect(heard(queue, 100).every((sample) => sample === 0)).toBe(true);
  });

  it("plays the next utterance after the last one's end, never over it", () => {
    const queue = playing(ramp(1, 10));
    queue.begin("b", RATE);
    queue.push("b", ramp(501, 10));
    expect(heard(queue, 20)).toEqual([...ramp(1, 10), ...ramp(501, 10)]);
    expect(queue.position().utteranceId).toBe("b");
  });

  it("says once when an utterance has been heard to its end", () => {
    const queue = playing(ramp(1, 480));
    expect(queue.render(new Float32Array(480))).toBeNull();
    queue.complete("a");
    expect(queue.render(new Float32Array(128))).toMatchObject({ utteranceId: "a", playedMs: 10, queuedMs: 0 });
    expect(queue.render(new Float32Array(128))).toBeNull();
  });

  it("a drop while held forgets the hold", () => {
    const queue = playing(ramp(1, 4800));
    queue.pause("a");
    queue.cancel("a");
    queue.begin("b", RATE);
    queue.push("b", new Int16Array(4800).fill(7));
    heard(queue, FADE);
    expect(heard(queue, 2)).toEqual([7, 7]);
  });

  it.each([44_100, 96_000, 48_000])("keeps time at an output of %i Hz", (rate) => {
    const queue = new PlayQueue(rate);
    queue.begin("a", RATE);
    queue.push("a", new Int16Array(RATE));
    queue.render(new Float32Array(rate / 2));
    expect(queue.position().playedMs).toBeCloseTo(500, -1);
  });

  it("draws a straight line between samples when the rates differ", () => {
    const queue = new PlayQueue(96_000);
    queue.begin("a", RATE);
    queue.push("a", Int16Array.of(0, 100, 200));
    expect(heard(queue, 5)).toEqual([0, 50, 100, 150, 200]);
  });
});
