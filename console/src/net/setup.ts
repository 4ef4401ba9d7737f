// What the server offers before a call: agents, voices, and whether it can take one.

export interface Choice {
  id: string;
  name: string;
}

export interface Offer {
  agents: Choice[];
  voices: Choice[];
  ready: boolean;
}

export const NO_OFFER: Offer = { agents: [], voices: [], ready: true };

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
  return { agents: choices(map.agents), voices: choices(map.voices), ready: map.ready !== false };
}

/** What one calls an agent in conversation: of "Alex, Vantum" only Alex. */
export function firstName(agent: Choice | undefined): string {
  return agent?.name.split(",")[0]?.trim() || "Vantum";
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
