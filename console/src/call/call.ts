// How one call runs: microphone, socket and loudspeaker opened together, joined, and closed together.
import { levels } from "../audio/levels";
import { askForMicrophone, Microphone } from "../audio/microphone";
import { Player } from "../audio/player";
import { bytesOf } from "../net/codec";
import { type Closed, Connection } from "../net/connection";
import { socketUrl } from "../net/setup";
import { recordEvent, seam } from "../seam";
import { EVENTS, EXTENSIONS, type ServerFrame } from "../wire";
import { closeNotice, MICROPHONE_LOST, microphoneNotice, type Notice } from "./notices";
import { Outbox } from "./outbox";
import { play } from "./playing";
import type { Action } from "./state";

export interface Wishes {
  agent?: string;
  voiceId?: string;
}

const ACTION = EVENTS.user.action;
const GOODBYE_MS = 1_500; // the server is at most 0.2 s ahead of the ear; beyond this something is stuck
const HANG_UP_MS = 1_000; // the server closes first; if not, the page does

export class Call {
  private readonly outbox = new Outbox();
  private readonly context = new AudioContext({ latencyHint: "interactive" });
  private stream: MediaStream | null = null;
  private microphone: Microphone | null = null;
  private player: Player | null = null;
  private connection: Connection | null = null;
  private muted = false;
  private answered = false;
  private over = false;

  constructor(private readonly dispatch: (action: Action) => void) {}

  /** Must be called inside a click: browsers start sound and the microphone only then. */
  async start(wishes: Wishes): Promise<void> {
    this.dispatch({ type: "dialled" });
    void this.context.resume();
    try {
      this.stream = await askForMicrophone();
    } catch (error) {
      this.finish(microphoneNotice(error));
      return;
    }
    try {
      await this.join(this.stream, wishes);
    } catch (error) {
      this.finish({ tone: "error", text: said(error), retry: "Try again" });
    }
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.microphone?.mute(muted);
    this.send(muted ? ACTION.MUTE : ACTION.UNMUTE);
    this.dispatch({ type: "muted", muted });
  }

  interrupt(): void {
    this.send(ACTION.INTERRUPT);
  }

  hangUp(): void {
    this.connection?.send(ACTION.END_CALL, { reason: "caller" });
    this.finish(null);
  }

  private async join(stream: MediaStream, wishes: Wishes): Promise<void> {
    const opening = [this.openMicrophone(stream), this.openPlayer(), this.openConnection()];
    const failed = (await Promise.allSettled(opening)).find((end) => end.status === "rejected");
    if (this.over) this.release();
    if (this.over || !this.microphone || !this.connection) throw failed?.reason ?? new Error("");
    if (failed) throw failed.reason;
    const acked = this.connection.request(EVENTS.audio.input.START, {
      samplingRate: this.microphone.rateHz,
      language: "en-US",
      turnDetection: "automatic",
      ...wishes,
    });
    this.outbox.open((samples) => this.sendSound(samples));
    await acked;
    this.answered = true;
    this.dispatch({ type: "answered", atMs: Date.now() });
  }

  private async openMicrophone(stream: MediaStream): Promise<void> {
    this.microphone = await Microphone.open(this.context, stream, {
      slice: (slice) => {
        levels.caller = slice.level;
        this.outbox.put(slice);
      },
      lost: () => this.dispatch({ type: "noticed", notice: MICROPHONE_LOST }),
    });
  }

  private async openPlayer(): Promise<void> {
    this.player = await Player.open(this.context, {
      level: (level) => {
        levels.agent = level;
      },
      moved: (position) => {
        seam.playedMs = position.playedMs;
        seam.queuedMs = position.queuedMs;
        seam.paused = position.paused;
        this.dispatch({ type: "moved", position });
      },
      progress: (utteranceId, playedMs) =>
        this.connection?.send(EXTENSIONS.audio.output.PROGRESS, { utteranceId, playedMs }),
    });
  }

  private async openConnection(): Promise<void> {
    this.connection = await Connection.open(socketUrl(location), {
      frame: (frame) => this.take(frame),
      closed: (end) => void this.closed(end),
    });
  }

  private take(frame: ServerFrame): void {
    recordEvent(frame.eventType);
    if (this.over) return;
    if (this.player) play(this.player, frame);
    this.dispatch({ type: "frame", frame });
  }

  private async closed(end: Closed): Promise<void> {
    const notice = closeNotice(end, this.answered);
    if (!notice) await this.playedOut();
    this.finish(notice);
  }

  /** Lets the goodbye be heard to its end. */
  private async playedOut(): Promise<void> {
    const deadline = performance.now() + GOODBYE_MS;
    while (this.player && this.player.position.queuedMs > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private sendSound(samples: Int16Array): void {
    const sound = { audio: bytesOf(samples), isMuted: this.muted, timestamp: Date.now() };
    this.connection?.send(EVENTS.audio.input.CHUNK, sound);
  }

  private send(action: typeof ACTION.MUTE | typeof ACTION.UNMUTE | typeof ACTION.INTERRUPT): void {
    this.connection?.send(action, { timestamp: Date.now() });
  }

  private finish(notice: Notice | null): void {
    if (this.over) return;
    this.over = true;
    this.release();
    this.dispatch({ type: "ended", atMs: Date.now(), notice });
  }

  private release(): void {
    this.microphone?.close();
    for (const track of this.stream?.getTracks() ?? []) track.stop(); // the browser's recording light goes out
    this.player?.close();
    if (this.context.state !== "closed") void this.context.close();
    const { connection } = this;
    if (connection) setTimeout(() => connection.close(), HANG_UP_MS);
    levels.caller = 0;
    levels.agent = 0;
  }
}

function said(error: unknown): string {
  const reason = error instanceof Error && error.message ? error.message : "Something went wrong.";
  return `The call could not begin. ${reason}`;
}
