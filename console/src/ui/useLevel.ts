// How a loudness becomes movement: written to a CSS variable at every frame, past React.
import { type RefObject, useEffect } from "react";
import { levels, shown } from "../audio/levels";

const FALL = 0.12; // rises at once, falls gently: a meter that flickers is not calm

export function useLevel(element: RefObject<HTMLElement | null>, side: keyof typeof levels | null): void {
  useEffect(() => {
    let frame = 0;
    let height = 0;
    const draw = () => {
      const target = side ? shown(levels[side]) : 0;
      height = target > height ? target : height + (target - height) * FALL;
      element.current?.style.setProperty("--level", height.toFixed(3));
      frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [element, side]);
}
