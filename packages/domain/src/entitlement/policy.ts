/** Which rule holds for each kind of access, of the account's and the app's. */
import * as z from "zod";
import { type Access, accesses, type Rule, rules } from "./access.ts";

const AnyRule = z.enum(rules);

export const WholePolicy = z.object({
  privileged: AnyRule,
  "docker.sock": AnyRule,
  "host-path": AnyRule,
  "host-namespace": AnyRule,
  device: AnyRule,
  capability: AnyRule,
} satisfies Record<Access, typeof AnyRule>);
export type WholePolicy = z.infer<typeof WholePolicy>;

export const Policy = WholePolicy.partial();
export type Policy = z.infer<typeof Policy>;

interface Ruled {
  readonly policy?: Policy | undefined;
}

/** The stricter of the account's rule and the app's; `warn` where neither says anything. */
export function wholePolicy(account: Ruled, app: Ruled | undefined): WholePolicy {
  const ruled = (access: Access): Rule => {
    const said = [account.policy?.[access], app?.policy?.[access]].filter((rule) => rule !== undefined);
    return said.toSorted((a, b) => rules.indexOf(b) - rules.indexOf(a))[0] ?? "warn";
  };
  return WholePolicy.parse(Object.fromEntries(accesses.map((access) => [access, ruled(access)])));
}

/** As a job keeps it, with what the deployment allows: `docker.sock=allow device=deny`. */
export const policyText = (policy: WholePolicy, allowed: readonly Access[]): string =>
  accesses
    .map((access) => [access, policy[access] === "ask" && allowed.includes(access) ? "warn" : policy[access]] as const)
    .filter(([, rule]) => rule !== "warn")
    .map((each) => each.join("="))
    .join(" ");

export function readPolicy(text: string): WholePolicy {
  const own = Object.fromEntries(
    text
      .split(" ")
      .filter(Boolean)
      .map((each) => each.split("=")),
  );
  return wholePolicy({ policy: Policy.parse(own) }, undefined);
}
