import type { Standing } from "./standing.ts";

/** Why something that changes what a customer runs cannot be done now; undefined when it can, or when that is not known yet. */
export function growReason(state: Standing["state"] | undefined): string | undefined {
  if (state === "none") return "Needs a plan";
  if (state === "grace") return "Paused until the payment is mended";
  if (state === "restricted") return "Off until the bill is paid";
  return undefined;
}

/** The same for a rollback, which grace permits. */
export const rollbackReason = (state: Standing["state"] | undefined) => (state === "grace" ? undefined : growReason(state));
