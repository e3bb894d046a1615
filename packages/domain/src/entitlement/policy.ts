/** What an account and its apps may have that reaches beyond a release's own containers and folder (plan/dangers.ts). */
import * as z from "zod";

export const accesses = ["privileged", "docker.sock", "host-path", "host-namespace", "device", "capability"] as const;
export const Access = z.enum(accesses);
export type Access = z.infer<typeof Access>;

/** Each stricter than the one before. `warn`: the plan says so. `ask`: only a deployment that names it with `allow` may. */
export const rules = ["allow", "warn", "ask", "deny"] as const;
const Rule = z.enum(rules);
export type Rule = z.infer<typeof Rule>;

export const WholePolicy = z.object({
  privileged: Rule,
  "docker.sock": Rule,
  "host-path": Rule,
  "host-namespace": Rule,
  device: Rule,
  capability: Rule,
});
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
