// What is worth knowing about a call once it is over.
import type { Line } from "./lines";

export interface Summary {
  turns: number;
  medianWaitMs: number | null;
  interruptions: number;
  durationMs: number;
}

export function summaryOf(call: { lines: readonly Line[]; startedMs: number; endedMs: number }): Summary {
  const waits = call.lines.flatMap((line) => (line.waitedMs === null ? [] : [line.waitedMs]));
  return {
    turns: call.lines.filter((line) => line.who === "caller").length,
    medianWaitMs: median(waits),
    interruptions: call.lines.filter((line) => line.cut === "caller").length,
    durationMs: Math.max(0, call.endedMs - call.startedMs),
  };
}

export function lastWaitMs(lines: readonly Line[]): number | null {
  return lines.findLast((line) => line.waitedMs !== null)?.waitedMs ?? null;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function clock(ms: number): string {
  const total = Math.round(ms / 1000);
  return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
