// What the server offers before a call: agents, voices, and whether it can take one.

export interface Choice {
  id: string;
  name: string;
}

export interface Offer {
  agents: Choice[];
  voices: Choice[];
  ready: boolean;
  off: Off;
}

/** The parts that cannot work on this server, and why. */
export type Off = Partial<Record<"stt" | "llm" | "tts", string>>;

export const NO_OFFER: Offer = { agents: [], voices: [], ready: true, off: {} };

/** The offer, or null when the server does not tell: the page works without it. */
export async function fetchOffer(signal: AbortSignal): Promise<Offer | null> {
  try {
    const response = await fetch("choices", { signal, headers: { accept: "application/json" } });
    return response.ok ? offerOf(await response.json()) : null;
  } catch {
    return null;
  }
}

export function offerOf(value: unknown): Offer {
  const map = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return { agents: choices(map.agents), voices: choices(map.voices), ready: map.ready !== false, off: offOf(map.off) };
}

/** There is somebody to talk to: without ears or mind there is not, without a voice its words can be read. */
export function canCall({ ready, off }: Offer): boolean {
  return ready && off.stt === undefined && off.llm === undefined;
}

/** Nothing more is to be expected of this server; an operator may still mend what is off. */
export function isSettled({ ready, off }: Offer): boolean {
  return ready && Object.keys(off).length === 0;
}

/** What one calls an agent in conversation: of "Alex, Vantum" only Alex. */
export function firstName(agent: Choice | undefined): string {
  return agent?.name.split(",")[0]?.trim() || "Vantum";
}

function offOf(value: unknown): Off {
  const map = (value ?? {}) as Record<string, unknown>;
  const parts = (["stt", "llm", "tts"] as const).filter((part) => typeof map[part] === "string");
  return Object.fromEntries(parts.map((part) => [part, map[part]]));
}

function choices(value: unknown): Choice[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const { id, name } = (item ?? {}) as Partial<Record<string, unknown>>;
    return typeof id === "string" ? [{ id, name: typeof name === "string" ? name : id }] : [];
  });
}

export function socketUrl(page: Location): string {
  const url = new URL("ws", page.href); // beside the page, also behind a path prefix
  url.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  url.hash = "";
  return url.href;
}
