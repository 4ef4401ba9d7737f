// Which of the page's three faces is shown: before, during and after a call.
import { useEffect, useRef, useState } from "react";
import { useCall } from "../call/useCall";
import { After } from "./After";
import { firstName } from "../net/setup";
import { Before } from "./Before";
import { During } from "./During";
import { Mark } from "./icons";
import { useOffer } from "./useOffer";

export function App() {
  const offer = useOffer();
  const call = useCall();
  const [agentId, chooseAgent] = useState("");
  const [voiceId, chooseVoice] = useState("");
  const { state, presence, interrupt } = call;
  const agent = offer.agents.find(({ id }) => id === agentId) ?? offer.agents[0];
  const agentName = firstName(agent);
  const phase = state.phase;

  useEscape(interrupt, phase === "live");
  const focus = useFocusOnChange(phase);

  const start = () => {
    const voice = offer.voices.find(({ id }) => id === voiceId) ?? offer.voices[0];
    call.start({ ...(agent && { agent: agent.id }), ...(voice && { voiceId: voice.id }) });
  };

  return (
    <div className="page" data-presence={presence.key}>
      <header className="masthead">
        <Mark />
        <span>Vantum</span>
      </header>
      <main ref={focus} tabIndex={-1}>
        {phase === "idle" && (
          <Before
            agentName={agentName}
            offer={offer}
            chosen={{ agentId: agent?.id ?? "", voiceId }}
            notice={state.notice}
            onAgent={chooseAgent}
            onVoice={chooseVoice}
            onStart={start}
          />
        )}
        {(phase === "connecting" || phase === "live") && (
          <During
            agentName={agentName}
            state={state}
            presence={presence}
            onMute={call.mute}
            onInterrupt={interrupt}
            onEnd={call.hangUp}
          />
        )}
        {phase === "ended" && (
          <After agentName={agentName} state={state} presence={presence} onStart={start} />
        )}
      </main>
    </div>
  );
}

function useEscape(act: () => void, active: boolean) {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [act, active]);
}

/** The pressed button disappears with its face; without this the keyboard would fall back to the page's top. */
function useFocusOnChange(phase: string) {
  const main = useRef<HTMLElement>(null);
  const known = useRef(phase);
  useEffect(() => {
    if (known.current !== phase) main.current?.focus({ preventScroll: true });
    known.current = phase;
  }, [phase]);
  return main;
}
