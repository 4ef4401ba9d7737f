// Which messages move the loudspeaker, and how.
import type { Player } from "../audio/player";
import { samplesOf } from "../net/codec";
import { EVENTS, EXTENSIONS, type ServerFrame } from "../wire";

const OUTPUT_RATE_HZ = 48_000; // what the server sends to browsers unless it says otherwise

export function play(player: Player, { eventType, payload }: ServerFrame): void {
  switch (eventType) {
    case EVENTS.audio.output.START: {
      const { utteranceId: id, samplingRate: rateHz = OUTPUT_RATE_HZ } = payload;
      return player.order({ do: "begin", id, rateHz });
    }
    case EVENTS.audio.output.CHUNK:
      return player.order({ do: "push", id: payload.utteranceId, samples: samplesOf(payload.audio) });
    case EVENTS.audio.output.COMPLETE:
      return player.order({ do: "complete", id: payload.utteranceId });
    case EVENTS.audio.output.CANCEL:
      return player.order({ do: "cancel", id: payload.utteranceId });
    case EXTENSIONS.audio.output.PAUSE:
      return player.order({ do: "pause", id: payload.utteranceId });
    case EXTENSIONS.audio.output.RESUME:
      return player.order({ do: "resume", id: payload.utteranceId });
  }
}
