// What a visitor sees first: who they can talk to, and one button.
import { type Notice, offNotice } from "../call/notices";
import { canCall, type Choice, type Offer } from "../net/setup";
import { MicrophoneIcon } from "./icons";
import { Orb } from "./Orb";
import { StatusLine } from "./StatusLine";

interface Props {
  agentName: string;
  offer: Offer;
  chosen: { agentId: string; voiceId: string };
  notice: Notice | null;
  onAgent(id: string): void;
  onVoice(id: string): void;
  onStart(): void;
}

const LOADING: Notice = { tone: "calm", text: "The speech models are loading. This takes a few seconds." };
const HINT: Notice = { tone: "calm", text: "Your browser will ask for the microphone. Headphones sound best." };

export function Before({ agentName, offer, chosen, notice, onAgent, onVoice, onStart }: Props) {
  const callable = canCall(offer);
  const missing = offNotice(offer.off);
  const told = offer.ready ? (missing ?? HINT) : LOADING;
  return (
    <section className="before" aria-labelledby="title">
      <Orb presence="idle" />
      <h1 id="title">Talk to {agentName}</h1>
      <p className="lead">
        A spoken conversation, right here in your browser. Ask anything, take your time, and interrupt
        whenever you like.
      </p>
      <button
        type="button"
        className="primary"
        data-testid="start"
        disabled={!callable}
        aria-busy={!offer.ready}
        onClick={onStart}
      >
        <MicrophoneIcon />
        {callable ? (notice?.retry ?? "Start talking") : offer.ready ? "Not available" : "Getting ready…"}
      </button>
      <StatusLine notice={(callable && notice) || told} />
      {(offer.agents.length > 0 || offer.voices.length > 0) && (
        <div className="choices">
          <Chooser label="Agent" choices={offer.agents} value={chosen.agentId} onChange={onAgent} />
          <Chooser label="Voice" choices={offer.voices} value={chosen.voiceId} onChange={onVoice} />
        </div>
      )}
    </section>
  );
}

interface ChooserProps {
  label: string;
  choices: Choice[];
  value: string;
  onChange(id: string): void;
}

function Chooser({ label, choices, value, onChange }: ChooserProps) {
  const [only, another] = choices;
  if (!only) return null;
  if (!another) {
    return (
      <p className="chooser">
        <span>{label}</span>
        <strong>{only.name}</strong>
      </p>
    );
  }
  return (
    <label className="chooser">
      <span>{label}</span>
      <select value={value || only.id} onChange={(event) => onChange(event.target.value)}>
        {choices.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
