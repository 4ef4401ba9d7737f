// One side's loudness as a quiet bar.
import { useRef } from "react";
import type { levels } from "../audio/levels";
import { useLevel } from "./useLevel";

export function Meter({ label, side }: { label: string; side: keyof typeof levels }) {
  const bar = useRef<HTMLDivElement>(null);
  useLevel(bar, side);
  return (
    <div className={`meter ${side}`}>
      <span>{label}</span>
      <div className="bar" ref={bar} />
    </div>
  );
}
