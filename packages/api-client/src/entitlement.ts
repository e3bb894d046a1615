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

/** Why changes are off, in words. */
export const restrictionWords: Record<Restriction, string> = {
  unpaid: "The bill is unpaid",
  ended: "Your plan has ended",
  paused: "Your subscription is paused",
};

const states: readonly State[] = ["none", "active", "grace", "restricted"];
const restrictions = Object.keys(restrictionWords) as Restriction[]; // its keys are exactly those

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
