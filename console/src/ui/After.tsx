// What remains of a call: how it went in three figures, what was said, and the way back in.
import type { Presence } from "../call/presence";
import type { CallState } from "../call/state";
import { clock, seconds, summaryOf } from "../call/summary";
import { MicrophoneIcon } from "./icons";
import { StatusLine } from "./StatusLine";
import { Transcript } from "./Transcript";

interface Props {
  agentName: string;
  state: CallState;
  presence: Presence;
  onStart(): void;
}

export function After({ agentName, state, presence, onStart }: Props) {
  const { turns, medianWaitMs, interruptions, durationMs } = summaryOf(state);
  return (
    <section className="after" aria-labelledby="title">
      <p role="status" className="state" data-testid="state" data-state={presence.key}>
        {presence.word}
      </p>
      <h1 id="title">Your call with {agentName}</h1>
      {state.notice && <StatusLine notice={state.notice} />}
      <dl className="figures" data-testid="summary">
        <Figure name="Length" value={clock(durationMs)} />
        <Figure name={turns === 1 ? "Turn" : "Turns"} value={String(turns)} />
        <Figure name="Median wait" value={medianWaitMs === null ? "–" : seconds(medianWaitMs)} testId="waited" />
        <Figure name={interruptions === 1 ? "Interruption" : "Interruptions"} value={String(interruptions)} />
      </dl>
      <button type="button" className="primary" data-testid="start" onClick={onStart}>
        <MicrophoneIcon />
        {state.notice?.retry ?? "Talk again"}
      </button>
      <Transcript lines={state.lines} agentName={agentName} following={false} />
    </section>
  );
}

function Figure({ name, value, testId }: { name: string; value: string; testId?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}
