// A whole call in the original page's manner: its library, its names, its order, its playback rules.
//
//   node client.mjs --url ws://localhost:3001/ws [--wav FILE] [--turns 2] [--deadline 10]
//
// Prints one JSON line with what was seen; exit code 0 only when a page would have played everything.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { pack, unpack } from "msgpackr";
import WebSocket from "ws";
import { Loudspeaker } from "./page.mjs";
import { tone, wav } from "./sound.mjs";

const CHUNK_SAMPLES = 4096; // the page's ScriptProcessor buffer
const OUTPUT_HZ = 48_000;
const CUT_MS = 60; // below it a cut is the difference of two frames' ways through the network
const OPTIONS = {
  url: { type: "string" },
  wav: { type: "string" },
  turns: { type: "string", default: "2" },
  deadline: { type: "string", default: "10" }, // seconds; then the page gives up on a request
};
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const { values: given } = parseArgs({ options: OPTIONS });
const deadlineMs = Number(given.deadline) * 1000;
const problems = [];
const check = (holds, complaint) => {
  if (!holds && !problems.includes(complaint)) problems.push(complaint);
};
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The one connection of a page: requests, their acks, and what the server says by itself. */
class Page {
  loudspeaker = new Loudspeaker();
  acksMs = [];
  names = {};
  sessionId = "";
  #waiting = new Map(); // eventId -> [resolve, sentAt]
  #watching = [];

  constructor(url) {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("message", (data, isBinary) => this.#take(data, isBinary));
    this.socket.on("error", (error) => check(false, `socket: ${error.message}`));
    this.closed = new Promise((resolve) => this.socket.on("close", resolve));
    this.closed.then(() => this.#look());
  }

  send(eventType, payload) {
    const eventId = uuid7();
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(pack({ eventType, eventId, sessionId: this.sessionId, payload }));
    }
    return eventId;
  }

  /** Resolves when the server has said yes. */
  request(eventType, payload) {
    const eventId = this.send(eventType, payload);
    const acked = new Promise((resolve) => this.#waiting.set(eventId, [resolve, performance.now()]));
    return within(acked, `an ack of ${eventType}`);
  }

  /** Waits for the condition as long as frames keep coming. */
  async until(condition, what) {
    while (!condition() && this.socket.readyState !== WebSocket.CLOSED) {
      const changed = new Promise((resolve) => this.#watching.push(resolve)).then(() => true);
      if (!(await within(changed, what))) return;
    }
  }

  #look() {
    for (const resolve of this.#watching.splice(0)) resolve();
  }

  #take(data, isBinary) {
    check(isBinary, "a text frame");
    if (!isBinary) return;
    const frame = unpack(data);
    this.#inspect(frame);
    const { eventType, eventId, payload } = frame;
    this.names[eventType] = (this.names[eventType] ?? 0) + 1;
    const waiting = this.#waiting.get(eventId);
    if (waiting && payload.success === true) {
      const [resolve, sentAt] = waiting;
      this.#waiting.delete(eventId);
      this.acksMs.push(Math.round(performance.now() - sentAt));
      resolve();
    } else this.#react(eventType, payload, frame);
    this.#look();
  }

  #inspect(frame) {
    try {
      JSON.stringify(frame); // what the page's logger does; a BigInt throws
    } catch (error) {
      check(false, `${frame.eventType} cannot be logged: ${error.message}`);
    }
    check(UUID7.test(frame.eventId), `${frame.eventType}: eventId ${frame.eventId}`);
    check(!/error/.test(frame.eventType), `${frame.eventType}: ${frame.payload?.message}`);
    check(!this.sessionId || frame.sessionId === this.sessionId, `${frame.eventType}: another session`);
  }

  #react(name, payload, frame) {
    const now = performance.now();
    const { utteranceId, timestamp } = payload;
    if (name === "connection.ack") {
      check(payload.success === true && UUID7.test(frame.sessionId), "no good connection.ack");
      this.sessionId = frame.sessionId;
    } else if (name === "voicechat.response.start") {
      check(UUID7.test(utteranceId) && typeof timestamp === "number", "a start without id or time");
      this.loudspeaker.start(utteranceId, now);
    } else if (name === "voicechat.response.chunk") {
      const { audio, sampleRate } = payload;
      const good = audio instanceof Uint8Array && audio.length > 0 && audio.length % 2 === 0;
      check(good && sampleRate === OUTPUT_HZ, "a chunk that is no s16 sound at 48 kHz");
      if (good) this.loudspeaker.chunk(payload, now);
    } else if (name === "voicechat.response.complete") this.loudspeaker.complete(utteranceId);
    else if (/^voicechat\.response\.(interrupt|stop)$/.test(name)) this.loudspeaker.stop(name, now);
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(check(false, `${what}: not in time`)), deadlineMs); // undefined
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The library must write as the page's did, or the rest proves nothing. */
function writesAsThePageDid() {
  const bytes = pack({ a: undefined });
  check(bytes.toString("hex") === "de0001a161d40000", `the library writes ${bytes.toString("hex")}`);
}

/** One recording: the microphone runs before the start is sent and before it is acked. */
async function speak(page, { rateHz, samples }) {
  const chunks = [];
  for (let at = 0; at < samples.length; at += CHUNK_SAMPLES) {
    const part = samples.subarray(at, at + CHUNK_SAMPLES);
    chunks.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  const sendChunk = (audio) => page.send("voicechat.audio.chunk", { audio, isMuted: false });
  sendChunk(new Uint8Array(CHUNK_SAMPLES * 2));
  const settings = { samplingRate: rateHz, language: "en-US", voiceId: undefined };
  const started = page.request("voicechat.audio.start", settings);
  const begun = performance.now();
  for (const [i, audio] of chunks.entries()) {
    sendChunk(audio);
    await wait(begun + ((i + 1) * CHUNK_SAMPLES * 1000) / rateHz - performance.now());
  }
  await started;
  await page.request("voicechat.audio.end", {});
  return performance.now();
}

/** Speak, and listen to the answer until its last sample. */
async function turn(page, said) {
  const before = page.loudspeaker.answers.length;
  const endedAt = await speak(page, said);
  const answer = () => page.loudspeaker.answers[before];
  await page.until(() => answer()?.complete, "a whole answer");
  await wait(page.loudspeaker.leftMs(performance.now()));
  return Math.round((answer()?.firstAt ?? Number.NaN) - endedAt);
}

async function call(url, said, turns) {
  const page = new Page(url);
  const waitsMs = [];
  await page.until(() => page.sessionId, "connection.ack");
  for (let i = 0; i < turns && !problems.length; i++) waitsMs.push(await turn(page, said));
  // An empty recording is acked and not answered; what came late would have come before its ack.
  await page.request("voicechat.audio.start", { samplingRate: said.rateHz });
  await page.request("voicechat.audio.end", {});
  page.socket.close(1000, "Client disconnect");
  const closeCode = await within(page.closed, "a close");
  return { page, waitsMs, closeCode };
}

writesAsThePageDid();
const turns = Number(given.turns);
const said = given.wav ? wav(given.wav) : tone();
const { page, waitsMs, closeCode } = await call(given.url, said, turns);
const { answers, cuts, stray } = page.loudspeaker;
check(answers.length === turns, `${answers.length} answers to ${turns} questions`);
check(answers.every(({ complete, chunks }) => complete && chunks > 0), "an answer without sound or end");
for (const { why, leftMs } of cuts) check(leftMs < CUT_MS, `${why} cut ${Math.round(leftMs)} ms of sound`);
for (const complaint of stray) check(false, complaint);
check(closeCode === 1000, `closed with ${closeCode}`);
const facts = {
  ok: problems.length === 0,
  problems,
  names: page.names,
  acksMs: page.acksMs,
  closeCode,
  answers: answers.map(({ ms, chunks, longestGapMs, utteranceId }, i) => ({
    utteranceId,
    chunks,
    soundMs: Math.round(ms),
    longestGapMs: Math.max(0, Math.round(longestGapMs)),
    waitedMs: waitsMs[i] ?? null,
  })),
};
console.log(JSON.stringify(facts));
process.exit(facts.ok ? 0 : 1);
