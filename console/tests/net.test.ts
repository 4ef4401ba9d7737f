// Bytes, ids and offers.
import { pack } from "msgpackr/index-no-eval";
import { describe, expect, it } from "vitest";
import { bytesOf, decode, encode, samplesOf } from "../src/net/codec";
import { uuid7 } from "../src/net/ids";
import { canCall, firstName, isSettled, offerOf, socketUrl } from "../src/net/setup";

const buffer = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

describe("codec", () => {
  const ids = { eventId: "e", sessionId: "s" };

  it("sends a plain map, audio as bin, milliseconds as float64, nothing undefined", () => {
    const payload = { audio: Uint8Array.of(1), timestamp: 1_790_000_000_000, isMuted: undefined as unknown as boolean };
    const sent = hex(encode({ eventType: "audio.input.chunk", ...ids, payload }));
    expect(sent.slice(0, 2)).toMatch(/8.|de/);
    expect(sent).toContain(`${hex(new TextEncoder().encode("audio"))}c40101`);
    expect(sent).toContain(`${hex(new TextEncoder().encode("timestamp"))}cb`);
    expect(sent).toContain(`${hex(new TextEncoder().encode("isMuted"))}c0`);
    expect(sent).not.toContain("d40000");
  });

  it("reads what the server sends", () => {
    const frame = { eventType: "x", ...ids, payload: { a: 1.79e12, b: 2n ** 40n } };
    expect(decode(buffer(pack(frame)))).toEqual({ ...frame, payload: { a: 1.79e12, b: 2 ** 40 } });
  });

  it.each([[], [0xc1], [0x93, 1, 2, 3], [0x81, 0xa1, 0x61, 1]])("takes %s for no frame", (...bytes) => {
    expect(decode(buffer(Uint8Array.from(bytes)))).toBeNull();
  });

  it("reads samples from an odd address and drops half a sample", () => {
    const whole = Uint8Array.of(9, 1, 0, 255, 255, 7);
    expect(samplesOf(whole.subarray(1, 6))).toEqual(Int16Array.of(1, -1));
  });

  it("gives the bytes of a part of a buffer only", () => {
    expect(bytesOf(Int16Array.of(1, 2, 3).subarray(1, 2))).toEqual(Uint8Array.of(2, 0));
  });
});

describe("uuid7", () => {
  it("has version 7, the RFC's variant, and the time in front", () => {
    const id = uuid7(0x0123456789ab);
    expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("sorts by time and does not repeat", () => {
    expect(uuid7(1_000) < uuid7(1_001)).toBe(true);
    expect(new Set(Array.from({ length: 1_000 }, () => uuid7(5)))).toHaveLength(1_000);
  });
});

describe("offer", () => {
  it("reads what the server offers", () => {
    const offer = { agents: [{ id: "sales", name: "Alex" }], voices: [{ id: "k" }], ready: false, off: { stt: "why" } };
    expect(offerOf(offer)).toEqual({ ...offer, voices: [{ id: "k", name: "k" }] });
  });

  it.each([null, 7, [], {}, { agents: "x", voices: [null, 3, {}], off: { stt: 3, x: "" } }])("makes the best of %j", (value) => {
    expect(offerOf(value)).toEqual({ agents: [], voices: [], ready: true, off: {} });
  });

  it.each([
    [{}, true, true],
    [{ ready: false }, false, false],
    [{ off: { stt: "why" } }, false, false],
    [{ off: { llm: "why" } }, false, false],
    [{ off: { tts: "why" } }, true, false], // its answers can be read
  ])("tells from %j whether one can call, and whether to ask again", (value, callable, settled) => {
    const offer = offerOf(value);
    expect([canCall(offer), isSettled(offer)]).toEqual([callable, settled]);
  });

  it.each([
    ["Alex, Vantum", "Alex"],
    ["Robin", "Robin"],
    ["", "Vantum"],
  ])("calls %j %s", (name, called) => expect(firstName({ id: "a", name })).toBe(called));

  it.each([
    ["http://localhost:3001/", "ws://localhost:3001/ws"],
    ["https://voice.example/?a=1#b", "wss://voice.example/ws"],
    ["https://voice.example/vantum/", "wss://voice.example/vantum/ws"],
  ])("finds the socket beside %s", (page, socket) => {
    expect(socketUrl(new URL(page) as unknown as Location)).toBe(socket);
  });
});
