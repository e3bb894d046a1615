import { useEffect, useState } from "preact/hooks";

/** Where the account stands, as every answer of the API says it: `active`, `grace; until=...`, `restricted; because=...` or `none`. */
export interface Standing {
  readonly state: "none" | "active" | "grace" | "restricted";
  readonly until?: string;
  readonly because?: Because;
}
/** Why it is restricted. */
export type Because = "unpaid" | "ended" | "paused";

let standing: Standing | undefined;
const listeners = new Set<(heard: Standing | undefined) => void>();
const states: readonly string[] = ["none", "active", "grace", "restricted"];
const causes: readonly Because[] = ["unpaid", "ended", "paused"];

export function parseStanding(header: string | null): Standing | undefined {
  const [state = "", ...facts] = (header ?? "").split(";").map((part) => part.trim());
  if (!states.includes(state)) return undefined;
  const fact = (name: string) => facts.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const until = fact("until");
  const because = causes.find((cause) => cause === fact("because"));
  return { state: state as Standing["state"], ...(until && { until }), ...(because && { because }) };
}

/** Takes the header of an answer. An answer without one says nothing. */
export function heardStanding(header: string | null): void {
  const heard = parseStanding(header);
  if (!heard || (heard.state === standing?.state && heard.until === standing.until && heard.because === standing.because)) return;
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
