/** What a policy has rules for: access that reaches beyond a release's own containers and folder (plan/dangers.ts). */
export const accesses = ["privileged", "docker.sock", "host-path", "host-namespace", "device", "capability"] as const;
export type Access = (typeof accesses)[number];

/** Each stricter than the one before. `warn`: the plan says so. `ask`: only a deployment that names it with `allow` may. */
export const rules = ["allow", "warn", "ask", "deny"] as const;
export type Rule = (typeof rules)[number];
