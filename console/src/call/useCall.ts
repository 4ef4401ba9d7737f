// How the page's parts hold a call: its state, and the few things one can do to it.
import { useEffect, useMemo, useReducer, useRef, useSyncExternalStore } from "react";
import { seam } from "../seam";
import { Call, type Wishes } from "./call";
import { presenceOf } from "./presence";
import { INITIAL, reduce } from "./state";

export function useCall() {
  const [state, dispatch] = useReducer(reduce, INITIAL);
  const call = useRef<Call | null>(null);
  const presence = presenceOf(state, useKeys());

  useEffect(() => {
    seam.state = presence.key;
  }, [presence.key]);

  const actions = useMemo(
    () => ({
      start(wishes: Wishes) {
        call.current = new Call(dispatch);
        void call.current.start(wishes);
      },
      mute: (muted: boolean) => call.current?.mute(muted),
      interrupt: () => call.current?.interrupt(),
      hangUp: () => call.current?.hangUp(),
    }),
    [],
  );

  return { state, presence, ...actions };
}

// A phone or tablet has no Esc to press; the styles hide its label by the same rule.
const TOUCH = window.matchMedia("(max-width: 40rem), (pointer: coarse)");

function useKeys(): boolean {
  return useSyncExternalStore(
    (changed) => {
      TOUCH.addEventListener("change", changed);
      return () => TOUCH.removeEventListener("change", changed);
    },
    () => !TOUCH.matches,
  );
}
