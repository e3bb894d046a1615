import type { Entitlement, Restriction } from "@berth/api-client/entitlement.ts";

/** What is known of the entitlement, from the header of an answer or from an answer itself. */
interface Known {
  readonly state: Entitlement["state"];
  readonly because?: Restriction | null | undefined;
}

/** Why something that changes what a customer runs cannot be done now; undefined when it can, or when that is not known yet. */
export function growReason(known: Known | undefined): string | undefined {
  if (known === undefined) return undefined;
  const { state, because } = known;
  if (state === "none") return "Needs a plan";
  if (state === "grace") return "Paused until the payment is fixed";
  if (state !== "restricted") return undefined;
  if (because === "ended") return "Your plan has ended";
  return because === "paused" ? "Your subscription is paused" : "Off until the bill is paid";
}

/** The same for a rollback, which grace permits. */
export const rollbackReason = (known: Known | undefined) => (known?.state === "grace" ? undefined : growReason(known));
