import { useEffect, useState } from "preact/hooks";

/** Where the account stands, as every answer of the API says it: `active`, `grace; until=...`, `restricted` or `none`. */
export interface Standing {
  readonly state: "none" | "active" | "grace" | "restricted";
  readonly until?: string;
}

let standing: Standing | undefined;
const listeners = new Set<(heard: Standing | undefined) => void>();
const states: readonly string[] = ["none", "active", "grace", "restricted"];

export function parseStanding(header: string | null): Standing | undefined {
  const [state = "", ...facts] = (header ?? "").split(";").map((part) => part.trim());
  if (!states.includes(state)) return undefined;
  const until = facts.find((fact) => fact.startsWith("until="))?.slice("until=".length);
  return { state: state as Standing["state"], ...(until && { until }) };
}

/** Takes the header of an answer. An answer without one says nothing. */
export function heardStanding(header: string | null): void {
  const heard = parseStanding(header);
  if (!heard || (heard.state === standing?.state && heard.until === standing.until)) return;
  standing = heard;
  for (const listener of listeners) listener(heard);
}

export function forgetStanding(): void {
  standing = undefined;
  for (const listener of listeners) listener(undefined);
}

export function useStanding(): Standing | undefined {
  const [heard, setHeard] = useState(standing);
  useEffect(() => {
    setHeard(standing);
    listeners.add(setHeard);
    return () => void listeners.delete(setHeard);
  }, []);
  return heard;
}
