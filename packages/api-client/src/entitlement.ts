import type { Billing } from "./types.ts";

type State = Billing["entitlement"];
/** Why an account is restricted. */
export type Restriction = NonNullable<Billing["because"]>;

/** What the account may do now. */
export interface Entitlement {
  readonly state: State;
  readonly until?: string;
  readonly because?: Restriction;
}

const states: readonly State[] = ["none", "active", "grace", "restricted"];
const restrictions: readonly Restriction[] = ["unpaid", "ended", "paused"];

/** Reads the `berth-entitlement` header of an answer: `active`, `grace; until=...`, `restricted; because=...` or `none`. */
export function parseEntitlement(header: string | null): Entitlement | undefined {
  const [first, ...facts] = (header ?? "").split(";").map((part) => part.trim());
  const state = states.find((each) => each === first);
  if (state === undefined) return undefined;
  const fact = (name: string) => facts.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const until = fact("until");
  const because = restrictions.find((each) => each === fact("because"));
  return { state, ...(until && { until }), ...(because && { because }) };
}
