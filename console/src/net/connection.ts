// What the page does with one WebSocket: envelopes, acks with a deadline, heartbeats, the reason of its end.
import { type ClientEvent, type ClientFrame, type ClientPayloads, EVENTS, type ServerFrame, SUBPROTOCOL } from "../wire";
import { decode, encode } from "./codec";
import { uuid7 } from "./ids";

const OPEN_DEADLINE_MS = 10_000;
const ACK_DEADLINE_MS = 10_000; // the server answers every request within 9 s

export interface Closed {
  code: number;
  reason: string;
}

interface Listener {
  frame(frame: ServerFrame): void;
  closed(end: Closed): void;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
  timer: number;
}

export class Connection {
  private sessionId = "";
  private readonly waiting = new Map<string, Waiting>();

  private constructor(
    private readonly socket: WebSocket,
    private readonly listener: Listener,
  ) {}

  /** Resolves when the server has named the session. Frames and the close reach the listener before that too. */
  static open(url: string, listener: Listener): Promise<Connection> {
    const socket = new WebSocket(url, [SUBPROTOCOL]);
    socket.binaryType = "arraybuffer";
    const connection = new Connection(socket, listener);
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        reject(new Error("The server did not answer."));
        socket.close();
      }, OPEN_DEADLINE_MS);
      socket.onmessage = ({ data }) => {
        const frame = data instanceof ArrayBuffer ? decode(data) : null;
        if (!frame) return;
        if (frame.eventType === EVENTS.connection.lifecycle.ACK) {
          window.clearTimeout(timer);
          connection.sessionId = frame.sessionId;
          resolve(connection);
        }
        connection.take(frame);
      };
      socket.onclose = ({ code, reason }) => {
        window.clearTimeout(timer);
        connection.abandon();
        reject(new Error("The connection could not be opened."));
        listener.closed({ code, reason });
      };
    });
  }

  /** Send and forget; after the socket has closed nothing happens. */
  send<Name extends ClientEvent>(eventType: Name, payload: ClientPayloads[Name]): string {
    const eventId = uuid7();
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(encode({ eventType, eventId, sessionId: this.sessionId, payload } as ClientFrame));
    }
    return eventId;
  }

  /** Send and wait for the ack; rejects with the server's words. */
  request<Name extends ClientEvent>(eventType: Name, payload: ClientPayloads[Name]): Promise<void> {
    return new Promise((resolve, reject) => {
      const eventId = this.send(eventType, payload);
      const timer = window.setTimeout(() => {
        this.waiting.delete(eventId);
        reject(new Error("The server did not answer."));
      }, ACK_DEADLINE_MS);
      this.waiting.set(eventId, { resolve, reject, timer });
    });
  }

  close(): void {
    this.socket.close(1000, "Client disconnect");
  }

  private take(frame: ServerFrame): void {
    if (frame.eventType === EVENTS.connection.lifecycle.HEARTBEAT) {
      this.send(frame.eventType, { timestamp: Date.now() });
    }
    this.settle(frame);
    this.listener.frame(frame);
  }

  private settle(frame: ServerFrame): void {
    const waiting = this.waiting.get(frame.eventId);
    if (!waiting) return;
    window.clearTimeout(waiting.timer);
    this.waiting.delete(frame.eventId);
    if ("success" in frame.payload && frame.payload.success) waiting.resolve();
    else waiting.reject(new Error("message" in frame.payload ? frame.payload.message : "The server refused."));
  }

  private abandon(): void {
    for (const { reject, timer } of this.waiting.values()) {
      window.clearTimeout(timer);
      reject(new Error("The connection was lost."));
    }
    this.waiting.clear();
  }
}
