// How the conversation reads: who said what, what is still uncertain, what was really heard.
import type { Position } from "../audio/queue";

export interface Line {
  key: number;
  who: "caller" | "agent";
  text: string;
  interim: string; // the recogniser may still change it
  utteranceId: string;
  waitedMs: number | null; // caller's last word to the answer's first sound
  cut: Cut;
  voice: Voice;
}

/** What kept the rest of an answer from being heard, if anything. */
export type Cut = "caller" | "end" | null;

/** How far the agent's sound has come; the text runs ahead of it. */
export type Voice = { playedMs: number; totalMs: number | null } | "none" | "done";

type Lines = readonly Line[];

// Only places the boundary between spoken and coming words until the length is known.
const SPEECH_CHARS_PER_S = 15;

export function hearInterim(lines: Lines, interim: string): Lines {
  return withCaller(lines, (line) => ({ ...line, interim }));
}

export function hearFinal(lines: Lines, text: string): Lines {
  return withCaller(lines, (line) => ({ ...line, text: joined(line.text, text), interim: "" }));
}

export function beginAnswer(lines: Lines, utteranceId: string, waitedMs: number | null): Lines {
  if (utteranceId && lines.some((line) => line.utteranceId === utteranceId)) return lines;
  return [...lines, { ...blank(lines, "agent"), utteranceId, waitedMs }];
}

export function addToken(lines: Lines, token: string): Lines {
  return withAnswer(lines, (line) => ({ ...line, text: line.text + token }));
}

export function completeAnswer(lines: Lines, fullText: string): Lines {
  return withAnswer(lines, (line) => ({ ...line, text: fullText || line.text }));
}

/** What was cut off shows only the words that were heard. */
export function interruptAnswer(lines: Lines, heard: string): Lines {
  return withAnswer(lines, (line) => ({ ...line, text: heard, cut: "caller", voice: "done" }));
}

export function beginVoice(lines: Lines, utteranceId: string): Lines {
  return lines.map((line) =>
    line.utteranceId === utteranceId && line.voice === "none"
      ? { ...line, voice: { playedMs: 0, totalMs: null } }
      : line,
  );
}

export function completeVoice(lines: Lines, utteranceId: string, totalMs: number | null): Lines {
  return lines.map((line) =>
    line.utteranceId === utteranceId && typeof line.voice === "object"
      ? { ...line, voice: { ...line.voice, totalMs } }
      : line,
  );
}

export function moveSpoken(lines: Lines, { utteranceId, playedMs }: Position): Lines {
  return lines.map((line) =>
    line.utteranceId === utteranceId && typeof line.voice === "object"
      ? { ...line, voice: { ...line.voice, playedMs } }
      : line,
  );
}

/** Nothing more is coming: what stands is what was said. */
export function settleVoices(lines: Lines): Lines {
  return lines.map((line) => (line.who === "agent" ? { ...line, voice: "done" } : line));
}

/** The call is over: of an answer that was still being spoken only the words heard stand. */
export function endLines(lines: Lines): Lines {
  return settleVoices(lines.map(cutWhereHeard))
    .map((line) => ({ ...line, text: joined(line.text, line.interim), interim: "" }))
    .filter((line) => line.text !== "" || line.cut !== null);
}

function cutWhereHeard(line: Line): Line {
  if (line.who === "caller") return line;
  const [heard, unheard] = spokenParts(line);
  return unheard === "" ? line : { ...line, text: heard, cut: "end" };
}

/** Splits an answer where the voice is: [spoken, still to come]. */
export function spokenParts({ text, voice }: Line): [string, string] {
  if (voice === "done") return [text, ""];
  if (voice === "none") return ["", text];
  const share = voice.totalMs ? voice.playedMs / voice.totalMs : 0;
  const chars = voice.totalMs
    ? Math.floor(share * text.length)
    : Math.floor((voice.playedMs / 1000) * SPEECH_CHARS_PER_S);
  if (chars >= text.length) return [text, ""];
  const wordEnd = text.indexOf(" ", chars);
  const cut = chars === 0 ? 0 : wordEnd < 0 ? text.length : wordEnd;
  return [text.slice(0, cut), text.slice(cut)];
}

function withCaller(lines: Lines, change: (line: Line) => Line): Lines {
  const at = lines.findLastIndex((line) => line.who === "caller");
  const line = lines[at];
  // An unfinished line goes on even when an answer came between; a finished one only while it is the last.
  if (line && (line.interim !== "" || at === lines.length - 1)) return lines.with(at, change(line));
  return [...lines, change(blank(lines, "caller"))];
}

function withAnswer(lines: Lines, change: (line: Line) => Line): Lines {
  const at = lines.findLastIndex((line) => line.who === "agent");
  const line = lines[at];
  return line && line.cut === null ? lines.with(at, change(line)) : lines;
}

function blank(lines: Lines, who: Line["who"]): Line {
  return {
    key: (lines.at(-1)?.key ?? 0) + 1,
    who,
    text: "",
    interim: "",
    utteranceId: "",
    waitedMs: null,
    cut: null,
    voice: "none",
  };
}

function joined(first: string, second: string): string {
  return [first, second.trim()].filter(Boolean).join(" ");
}
