// What a caller sees while talking: where the call stands, what was said, three things to do.
import { lastWaitMs, seconds } from "../call/summary";
import type { Presence } from "../call/presence";
import type { CallState } from "../call/state";
import { HangUpIcon, PauseIcon, MicrophoneIcon, MutedIcon } from "./icons";
import { Meter } from "./Meter";
import { Orb } from "./Orb";
import { StatusLine } from "./StatusLine";
import { Announcer, Transcript } from "./Transcript";

interface Props {
  agentName: string;
  state: CallState;
  presence: Presence;
  onMute(muted: boolean): void;
  onInterrupt(): void;
  onEnd(): void;
}

export function During({ agentName, state, presence, onMute, onInterrupt, onEnd }: Props) {
  const live = state.phase === "live";
  const speaking = live && presence.key === "speaking";
  const waitedMs = lastWaitMs(state.lines);
  return (
    <section className="during" aria-label={`Call with ${agentName}`}>
      <div className="stage">
        <Orb presence={presence.key} />
        <div className="now">
          <p role="status" className="state" data-testid="state" data-state={presence.key}>
            {presence.word}
          </p>
          <StatusLine notice={state.notice ?? { tone: "calm", text: presence.hint }} />
        </div>
        <div className="meters" aria-hidden="true">
          <Meter label={state.muted ? "You, muted" : "You"} side="caller" />
          <Meter label={agentName} side="agent" />
        </div>
      </div>
      <Transcript lines={state.previous?.lines ?? state.lines} agentName={agentName} following />
      <Announcer lines={state.lines} agentName={agentName} />
      <p className="waited">
        {waitedMs !== null && (
          <>
            You waited <span data-testid="waited">{seconds(waitedMs)}</span> for the last answer
          </>
        )}
      </p>
      <div className="controls" role="group" aria-label="Call controls">
        <button type="button" data-testid="mute" aria-pressed={state.muted} onClick={() => onMute(!state.muted)}>
          {state.muted ? <MutedIcon /> : <MicrophoneIcon />}
          {state.muted ? "Unmute" : "Mute"}
        </button>
        <button
          type="button"
          data-testid="interrupt"
          aria-disabled={!speaking} // stays focusable: it comes back with every answer
          aria-keyshortcuts="Escape"
          onClick={() => speaking && onInterrupt()}
        >
          <PauseIcon />
          <span>
            Interrupt <kbd>Esc</kbd>
          </span>
        </button>
        <button type="button" className="end" data-testid="end" onClick={onEnd}>
          <HangUpIcon />
          {live ? "End call" : "Cancel"}
        </button>
      </div>
    </section>
  );
}
