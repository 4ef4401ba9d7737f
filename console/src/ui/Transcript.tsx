// How the conversation is shown, and what a screen reader is told of it.
import { memo, useEffect, useRef } from "react";
import { type Cut, type Line, spokenParts } from "../call/lines";
import { seconds } from "../call/summary";

interface Props {
  lines: readonly Line[];
  agentName: string;
}

/** `following`: the newest words come into view; without it one reads from the top. */
export function Transcript({ lines, agentName, following }: Props & { following: boolean }) {
  const list = useFollow(lines, following);
  return (
    // Focusable, so that the keyboard can scroll it.
    <div className="transcript" ref={list} tabIndex={0} role="region" aria-label="Transcript" data-testid="transcript">
      {lines.length === 0 && <p className="empty">What you both say appears here.</p>}
      <ol>
        {lines.map((line) => (
          <Said key={line.key} line={line} name={line.who === "agent" ? agentName : "You"} />
        ))}
      </ol>
    </div>
  );
}

const Said = memo(function Said({ line, name }: { line: Line; name: string }) {
  const [spoken, coming] = line.who === "agent" ? spokenParts(line) : [line.text, ""];
  return (
    <li className={line.who} data-interrupted={line.cut === "caller" || undefined}>
      <p className="who">
        {name}
        {line.waitedMs !== null && <span>after {seconds(line.waitedMs)}</span>}
      </p>
      <p className="words">
        {spoken}
        {coming && <span className="coming">{coming}</span>}
        {line.interim && (
          <span className="interim">
            {line.text && " "}
            {line.interim}
          </span>
        )}
        {line.cut && (
          <>
            {line.text && " "}
            <span className="cut">{cutWord(line.cut, line.text)}</span>
          </>
        )}
        {!spoken && !coming && !line.interim && !line.cut && <span className="dots">…</span>}
      </p>
    </li>
  );
});

function cutWord(cut: Exclude<Cut, null>, heard: string): string {
  if (cut === "caller") return heard ? "interrupted" : "interrupted at once";
  return heard ? "cut off" : "not heard";
}

/** Reads out what stands: the caller's final words and the agent's finished answers, each once. */
export function Announcer({ lines, agentName }: Props) {
  const settled = lines.filter((line) =>
    line.who === "agent" ? line.voice === "done" : line.text !== "" && line.interim === "",
  );
  const last = settled.at(-1);
  return (
    <p className="unseen" aria-live="polite">
      {last && `${last.who === "agent" ? agentName : "You"}: ${last.text}`}
    </p>
  );
}

const NEAR_END_PX = 80;

/** Keeps the newest words in view unless the reader has scrolled back. */
function useFollow(lines: readonly Line[], active: boolean) {
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(active);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const onScroll = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      following.current = active && below < NEAR_END_PX;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [active]);
  useEffect(() => {
    if (following.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines]);
  return list;
}
