// What the page knows of a call, told as the server tells it.
import { describe, expect, it } from "vitest";
import { spokenParts } from "../src/call/lines";
import { closeNotice, microphoneNotice, noticeOf, offNotice } from "../src/call/notices";
import { Outbox } from "../src/call/outbox";
import { presenceOf } from "../src/call/presence";
import { type Action, type CallState, INITIAL, reduce } from "../src/call/state";
import { clock, lastWaitMs, seconds, summaryOf } from "../src/call/summary";
import type { ServerFrame } from "../src/wire";

type Payload = Record<string, unknown>;
type Step = Action | [string, Payload];

const frame = (eventType: string, payload: Payload) =>
  ({ eventType, payload, eventId: "", sessionId: "" }) as unknown as ServerFrame;
const after = (...steps: Step[]): CallState =>
  steps.reduce<CallState>(
    (state, step) => reduce(state, Array.isArray(step) ? { type: "frame", frame: frame(...step) } : step),
    INITIAL,
  );

const live: Step[] = [{ type: "dialled" }, { type: "answered", atMs: 1_000 }];
const moves = (to: string): Step => ["conversation.state.changed", { from: "", to, timestamp: 0 }];
const interim = (text: string): Step => ["transcript.interim.result", { text }];
const final = (text: string): Step => ["transcript.final.result", { text }];
const answers = (utteranceId: string, waitedMs?: number): Step => [
  "conversation.response.start",
  waitedMs === undefined ? { utteranceId } : { utteranceId, waitedMs },
];
const token = (text: string): Step => ["conversation.response.token", { token: text, index: 0 }];
const voice = (utteranceId: string): Step => ["audio.output.start", { utteranceId, samplingRate: 48_000 }];
const played = (utteranceId: string, playedMs: number, paused = false): Step => ({
  type: "moved",
  position: { utteranceId, playedMs, queuedMs: 0, paused },
});
const interrupted = (partialResponse: string): Step => ["conversation.state.interrupted", { partialResponse }];
const ended: Step = { type: "ended", atMs: 66_000, notice: null };

const CUT = { caller: " /", end: " |", none: "" };
const script = (state: CallState) =>
  state.lines.map((line) => `${line.who}: ${line.text}${line.interim && ` ~${line.interim}`}${CUT[line.cut ?? "none"]}`);

describe("transcript", () => {
  it("shows interim words until the final ones stand", () => {
    expect(script(after(...live, interim("hello"), interim("hello there")))).toEqual(["caller:  ~hello there"]);
    expect(script(after(...live, interim("hello there"), final("Hello there.")))).toEqual(["caller: Hello there."]);
  });

  it("joins what the caller says before an answer", () => {
    expect(script(after(...live, final("Well,"), interim("we are"), final("we are five.")))).toEqual([
      "caller: Well, we are five.",
    ]);
  });

  it("begins a new line after an answer", () => {
    const state = after(...live, final("Hi."), answers("a"), token("Hello"), token(" you."), final("Bye."));
    expect(script(state)).toEqual(["caller: Hi.", "agent: Hello you.", "caller: Bye."]);
  });

  it("keeps writing the answer while the caller begins to speak", () => {
    const state = after(...live, answers("a"), token("One"), interim("um"), token(" two"));
    expect(script(state)).toEqual(["agent: One two", "caller:  ~um"]);
  });

  it("finishes an open line even when an answer came between", () => {
    const state = after(...live, interim("so wh"), answers("a"), token("Yes"), final("So what?"));
    expect(script(state)).toEqual(["caller: So what?", "agent: Yes"]);
  });

  it("takes the complete answer for the last word", () => {
    const state = after(...live, answers("a"), token("Helo"), ["conversation.response.complete", { fullResponse: "Hello." }]);
    expect(script(state)).toEqual(["agent: Hello."]);
  });

  it("shows only what was heard of an interrupted answer, whatever comes late", () => {
    const late: Step = ["conversation.response.complete", { fullResponse: "All of it was never heard." }];
    const state = after(...live, answers("a"), token("All of it"), interrupted("All of"), token(" was"), late);
    expect(script(state)).toEqual(["agent: All of /"]);
  });

  it("begins an answer once, however often it is announced", () => {
    expect(script(after(...live, answers("a"), answers("a"), token("x")))).toEqual(["agent: x"]);
  });

  it("keeps unconfirmed words of a call that ends, and no empty lines", () => {
    expect(script(after(...live, interim("and then"), answers("a"), ended))).toEqual(["caller: and then"]);
  });
});

describe("spoken words", () => {
  const line = (...steps: Step[]) => after(...live, answers("a"), token("One two three four"), ...steps).lines[0]!;

  it("are none before the voice begins", () => {
    expect(spokenParts(line())).toEqual(["", "One two three four"]);
    expect(spokenParts(line(voice("a")))).toEqual(["", "One two three four"]);
  });

  it("end at a word, by the share of the sound once its length is known", () => {
    const half: Step[] = [voice("a"), ["audio.output.complete", { utteranceId: "a", duration: 2_000 }], played("a", 1_000)];
    expect(spokenParts(line(...half))).toEqual(["One two three", " four"]);
    expect(spokenParts(line(...half, played("a", 2_000)))).toEqual(["One two three four", ""]);
  });

  it("are estimated before that", () => {
    expect(spokenParts(line(voice("a"), played("a", 200)))).toEqual(["One", " two three four"]);
    expect(spokenParts(line(voice("a"), played("a", 60_000)))[1]).toBe("");
  });

  it("are all of them when the agent listens again, also without a voice", () => {
    expect(spokenParts(line(moves("LISTENING")))).toEqual(["One two three four", ""]);
  });
});

describe("a call that ends in the middle of an answer", () => {
  const LONG = "One two three four five six seven eight nine ten.";
  const sound: Step[] = [voice("a"), ["audio.output.complete", { utteranceId: "a", duration: 4_000 }]];
  const cut = (...steps: Step[]) => script(after(...live, answers("a"), token(LONG), ...steps, ended));

  it.each([
    ["no sound had come", [], "agent:  |"],
    ["nothing had been played", [voice("a")], "agent:  |"],
    ["the sound's length was unknown", [voice("a"), played("a", 1_000)], "agent: One two three four |"],
    ["all sound had come and half was played", [...sound, played("a", 2_000)], "agent: One two three four five six |"],
    ["the sound was held", [...sound, played("a", 1_000, true)], "agent: One two three |"],
    ["it was played out", [...sound, played("a", 4_000)], `agent: ${LONG}`],
    ["the agent listened again", [...sound, played("a", 3_000), moves("LISTENING")], `agent: ${LONG}`],
  ] as [string, Step[], string][])("keeps what was heard when %s", (_, steps, expected) => {
    expect(cut(...steps)).toEqual([expected]);
  });

  it("leaves what the caller had interrupted before as it was", () => {
    expect(cut(...sound, played("a", 2_000), interrupted("One two"))).toEqual(["agent: One two /"]);
  });

  it("was not interrupted by its caller", () => {
    const state = after(...live, answers("a"), token(LONG), ...sound, played("a", 2_000), ended);
    expect(summaryOf(state).interruptions).toBe(0);
  });
});

describe("presence", () => {
  it.each([
    ["LISTENING", "listening", "Listening"],
    ["INTERRUPTED", "listening", "Listening"],
    ["THINKING", "thinking", "Thinking"],
    ["RESPONDING", "speaking", "Speaking"],
    ["ENDING", "ending", "Ending"],
    ["ENDED", "ended", "Ended"],
  ])("%s reads %s", (talk, key, word) => {
    expect(presenceOf(after(...live, moves(talk)))).toMatchObject({ key, word });
  });

  it("follows the call around the talk", () => {
    expect(presenceOf(INITIAL).key).toBe("idle");
    expect(presenceOf(after({ type: "dialled" })).key).toBe("connecting");
    expect(presenceOf(after(...live)).key).toBe("connecting");
    expect(presenceOf(after(...live, ended)).key).toBe("ended");
  });

  it("tells a muted caller and a held agent apart", () => {
    expect(presenceOf(after(...live, moves("LISTENING"), { type: "muted", muted: true })).hint).toMatch(/muted/);
    expect(presenceOf(after(...live, moves("RESPONDING"), played("a", 1, true))).hint).toMatch(/Paused/);
  });

  it("speaks of Esc only where there are keys", () => {
    const speaking = after(...live, moves("RESPONDING"));
    expect(presenceOf(speaking).hint).toMatch(/Esc/);
    expect(presenceOf(speaking, false).hint).toBe("Just talk to interrupt.");
  });
});

describe("notices", () => {
  it("explain every kind of error frame and nothing else", () => {
    expect(noticeOf(frame("system.status.busy", {}))?.text).toMatch(/busy/);
    expect(noticeOf(frame("error.service.tts_unavailable", {}))?.text).toMatch(/voice/);
    expect(noticeOf(frame("audio.error.buffer_overflow", { message: "too much" }))?.text).toMatch(/too much/);
    expect(noticeOf(frame("audio.output.start", {}))).toBeNull();
    expect(noticeOf(frame("system.status.ready", {}))).toBeNull();
  });

  it.each([
    [1000, true, null],
    [1006, true, /connection was lost/],
    [1006, false, /cannot be reached/],
    [1013, false, /busy/],
    [1001, true, /going down.*in a minute/],
  ])("explain close code %i (answered: %s)", (code, answered, text) => {
    const notice = closeNotice({ code, reason: "" }, answered);
    if (text) expect(notice?.text).toMatch(text);
    else expect(notice).toBeNull();
  });

  it.each(["NotAllowedError", "NotFoundError", "NotReadableError", "SecurityError", "Strange"])(
    "say what to do about %s",
    (name) => expect(microphoneNotice(new DOMException("", name)).text).toMatch(/try again|https/i),
  );

  it("say why the server hung up, unless it simply was the end", () => {
    const hangsUp = (reason: string): Step[] => [...live, ["connection.lifecycle.disconnect", { reason }], ended];
    expect(after(...hangsUp("silence")).notice?.text).toMatch(/heard nothing/);
    expect(after(...hangsUp("faults")).notice).toMatchObject({ tone: "error", retry: "Try again" });
    expect(after(...hangsUp("agent_ended")).notice).toBeNull();
  });

  it("pass when the next sentence is understood, unless they last", () => {
    const unheard: Step = ["transcript.error.low_confidence", {}];
    const voiceless: Step = ["error.service.tts_unavailable", {}];
    expect(after(...live, unheard, final("Again.")).notice).toBeNull();
    expect(after(...live, voiceless, final("Again.")).notice?.text).toMatch(/voice/);
  });

  it.each([
    ["All local voices are busy; please try again in a minute", "All local voices are busy; please try again in a minute."],
    ["Come back at noon!", "Come back at noon!"],
    [" ", "All lines are busy right now. Please try again in a minute."],
    [undefined, "All lines are busy right now. Please try again in a minute."],
  ])("say in the server's words why it refuses: %s", (message, text) => {
    const refusal: Step = ["system.status.busy", { activeSessions: 4, maxSessions: 4, message }];
    for (const code of [1013, 1006]) {
      const closed: Action = { type: "ended", atMs: 0, notice: closeNotice({ code, reason: "" }, false) };
      const refused = after({ type: "dialled" }, refusal, closed);
      expect(refused).toMatchObject({ phase: "idle", notice: { text, retry: "Try again" } });
    }
  });

  it.each([
    [{ stt: "a is `b`", tts: "a is `b`" }, "error", "The agent cannot hear you or speak. What to mend on the server: a is “b”. Then"],
    [{ llm: "no key" }, "error", "The agent cannot think. What to mend on the server: no key. Then"],
    [{ tts: "no key." }, "warning", "The agent cannot speak. Its answers appear as text. What to mend on the server: no key. Then"],
    [{ stt: "x", llm: "y" }, "error", "The agent cannot hear you or think. What to mend on the server: x; y. Then"],
  ])("say what is off and what to do: %j", (off, tone, text) => {
    expect(offNotice(off)).toMatchObject({ tone, text: expect.stringContaining(text) });
  });

  it("say nothing where nothing is off", () => expect(offNotice({})).toBeNull());
});

describe("summary", () => {
  it("counts turns and takes the median wait", () => {
    const turn = (id: string, waitedMs: number): Step[] => [final("q"), answers(id, waitedMs), token("a")];
    const state = after(...live, answers("g"), token("Hi"), ...turn("a", 700), ...turn("b", 900), interrupted("a"), ended);
    expect(summaryOf(state)).toEqual({ turns: 2, medianWaitMs: 800, interruptions: 1, durationMs: 65_000 });
    expect(lastWaitMs(state.lines)).toBe(900);
  });

  it("has no wait without an answer", () => {
    expect(summaryOf(after(...live, ended))).toMatchObject({ turns: 0, medianWaitMs: null });
  });

  it("speaks of seconds and minutes", () => {
    expect([seconds(712), seconds(40), clock(65_400), clock(600_000)]).toEqual(["0.7 s", "0.0 s", "1:05", "10:00"]);
  });
});

describe("end", () => {
  it("changes nothing afterwards", () => {
    const state = after(...live, final("Hi."), ended);
    expect(reduce(state, { type: "frame", frame: frame("transcript.final.result", { text: "late" }) })).toBe(state);
    expect(reduce(state, { type: "ended", atMs: 9, notice: null })).toBe(state);
  });

  it("of a call that never began leads back to the start", () => {
    expect(after({ type: "dialled" }, ended).phase).toBe("idle");
  });

  describe("of an attempt to call again", () => {
    const first: Step[] = [...live, final("Hi."), answers("a"), token("Hello."), moves("LISTENING"), ended];
    const gone: Action = { type: "ended", atMs: 99_000, notice: closeNotice({ code: 1006, reason: "" }, false) };

    it("leads back to the last call, with the reason", () => {
      const state = after(...first, { type: "dialled" }, gone);
      expect(state).toMatchObject({ phase: "ended", endedMs: 66_000, notice: { text: expect.stringMatching(/reached/) } });
      expect(script(state)).toEqual(["caller: Hi.", "agent: Hello."]);
      expect(after(...first, { type: "dialled" }, gone, { type: "dialled" }, gone)).toEqual(state);
    });

    it("shows the last call while it is dialled, and only the new one once that has begun", () => {
      const dialled = after(...first, { type: "dialled" });
      expect(script(dialled.previous!)).toEqual(["caller: Hi.", "agent: Hello."]);
      const begun = reduce(dialled, { type: "answered", atMs: 70_000 });
      expect(begun).toMatchObject({ previous: null, lines: [] });
      expect(script(reduce(begun, gone))).toEqual([]);
    });
  });
});

describe("outbox", () => {
  const slice = (value: number) => ({ samples: Int16Array.of(value, value), level: 0 });

  it("hands over the first words as one piece, then each slice as it comes", () => {
    const outbox = new Outbox();
    const sent: number[][] = [];
    outbox.put(slice(1));
    outbox.put(slice(2));
    outbox.open((samples) => sent.push([...samples]));
    outbox.put(slice(3));
    expect(sent).toEqual([[1, 1, 2, 2], [3, 3]]);
  });

  it("keeps the last five seconds at most", () => {
    const outbox = new Outbox();
    for (let i = 0; i < 300; i++) outbox.put(slice(i));
    const sent: number[][] = [];
    outbox.open((samples) => sent.push([...samples]));
    expect(sent[0]).toHaveLength(500);
    expect(sent[0]?.[0]).toBe(50);
  });
});
