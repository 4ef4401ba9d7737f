// When the page asks what the server offers: at once, then each second while something is missing.
import { useEffect, useState } from "react";
import { fetchOffer, isSettled, NO_OFFER, type Offer } from "../net/setup";

const ASK_AGAIN_MS = 1_000;

export function useOffer(): Offer {
  const [offer, setOffer] = useState(NO_OFFER);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    let waiting = false;
    const ask = async () => {
      const found = await fetchOffer(stop.signal);
      if (stop.signal.aborted) return;
      if (found) {
        setOffer(found);
        waiting = !isSettled(found);
      }
      // No answer to one who waits: the server is being restarted, perhaps with what was missing.
      if (waiting) timer = window.setTimeout(() => void ask(), ASK_AGAIN_MS);
    };
    void ask();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, []);
  return offer;
}
