// The call's face: its colour is the state, its halo whoever is being heard.
import { useRef } from "react";
import type { PresenceKey } from "../call/presence";
import { useLevel } from "./useLevel";

export function Orb({ presence }: { presence: PresenceKey }) {
  const orb = useRef<HTMLDivElement>(null);
  useLevel(orb, presence === "listening" ? "caller" : presence === "speaking" ? "agent" : null);
  return (
    <div className="orb" ref={orb} aria-hidden="true">
      <i className="halo" />
      <i className="core" />
    </div>
  );
}
