import { type Entitlement, parseEntitlement } from "@berth/api-client/entitlement.ts";
import { useEffect, useState } from "preact/hooks";

/** What the account may do now, as the last answer of the API said. */
let entitlement: Entitlement | undefined;
const listeners = new Set<(heard: Entitlement | undefined) => void>();

/** Takes the header of an answer. An answer without one says nothing. */
export function heardEntitlement(header: string | null): void {
  const heard = parseEntitlement(header);
  if (
    !heard ||
    (heard.state === entitlement?.state && heard.until === entitlement.until && heard.because === entitlement.because)
  )
    return;
  entitlement = heard;
  for (const listener of listeners) listener(heard);
}

export function forgetEntitlement(): void {
  entitlement = undefined;
  for (const listener of listeners) listener(undefined);
}

export function useEntitlement(): Entitlement | undefined {
  const [heard, setHeard] = useState(entitlement);
  useEffect(() => {
    setHeard(entitlement);
    listeners.add(setHeard);
    return () => void listeners.delete(setHeard);
  }, []);
  return heard;
}
