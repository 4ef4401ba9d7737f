// Which messages move the loudspeaker, and how.
import type { Player } from "../audio/player";
import { type Frame, samplesOf } from "../net/codec";

const OUTPUT_RATE_HZ = 48_000; // what the server sends to browsers unless it says otherwise

export function play(player: Player, { eventType, payload }: Frame): void {
  const id = String(payload.utteranceId ?? "");
  switch (eventType) {
    case "audio.output.start": {
      const rateHz = Number(payload.samplingRate) || OUTPUT_RATE_HZ;
      return player.order({ do: "begin", id, rateHz });
    }
    case "audio.output.chunk":
      return player.order({ do: "push", id, samples: samplesOf(payload.audio) });
    case "audio.output.complete":
      return player.order({ do: "complete", id });
    case "audio.output.pause":
      return player.order({ do: "pause", id });
    case "audio.output.resume":
      return player.order({ do: "resume", id });
    case "audio.output.cancel":
      return player.order({ do: "cancel", id });
  }
}
