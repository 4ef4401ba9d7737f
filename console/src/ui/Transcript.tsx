// How the conversation is shown, and what a screen reader is told of it.
import { memo, useEffect, useRef } from "react";
import { type Line, spokenParts } from "../call/lines";
import { seconds } from "../call/summary";

interface Props {
  lines: readonly Line[];
  agentName: string;
}

export function Transcript({ lines, agentName }: Props) {
  const list = useFollow(lines);
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
    <li className={line.who} data-interrupted={line.interrupted || undefined}>
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
        {line.interrupted && (
          <>
            {line.text && " "}
            <span className="cut">{line.text ? "interrupted" : "interrupted at once"}</span>
          </>
        )}
        {!spoken && !coming && !line.interim && !line.interrupted && <span className="dots">…</span>}
      </p>
    </li>
  );
});

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
function useFollow(lines: readonly Line[]) {
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const onScroll = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      following.current = below < NEAR_END_PX;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, []);
  useEffect(() => {
    if (following.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines]);
  return list;
}
