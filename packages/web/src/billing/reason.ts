import type { Entitlement, Restriction } from "@berth/api-client/entitlement.ts";
import { type Action, permits } from "@berth/domain/entitlement/permission.ts";
import { offWords } from "@berth/domain/entitlement/words.ts";

/** What is known of the entitlement, from the header of an answer or from an answer itself. */
interface Known {
  readonly state: Entitlement["state"];
  readonly because?: Restriction | null | undefined;
}

/** Why an action cannot be done now; undefined when it can, or when that is not known yet. */
function reason(action: Action, known: Known | undefined): string | undefined {
  if (known === undefined || permits(action, known.state)) return undefined;
  const { state, because } = known;
  if (state === "none") return "Needs a plan";
  if (state === "grace") return "Paused until the payment is fixed";
  return because === "ended" || because === "paused" ? offWords[because].what : "Off until the bill is paid";
}

/** Why what a customer runs cannot be changed. */
export const growReason = (known: Known | undefined) => reason("grow", known);
export const rollbackReason = (known: Known | undefined) => reason("rollback", known);
