// When the page asks what the server offers: at once, then each second until it is ready.
import { useEffect, useState } from "react";
import { fetchOffer, NO_OFFER, type Offer } from "../net/setup";

const ASK_AGAIN_MS = 1_000;

export function useOffer(): Offer {
  const [offer, setOffer] = useState(NO_OFFER);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      const found = await fetchOffer(stop.signal);
      if (stop.signal.aborted || !found) return;
      setOffer(found);
      if (!found.ready) timer = window.setTimeout(() => void ask(), ASK_AGAIN_MS);
    };
    void ask();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, []);
  return offer;
}
