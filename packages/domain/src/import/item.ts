import * as z from "zod";
import { pricingPlanNames } from "../pricing/plans.ts";

/**
 * What an import would do, item by item. Computed from the account each time; a person agrees to its digest.
 * create -> created      exists (as in the export)      conflict (something else has the name)      over_limit      skipped
 */
export const ImportItem = z.object({
  kind: z.enum(["target", "app", "history", "webhook"]),
  name: z.string(),
  action: z.enum(["create", "created", "exists", "conflict", "over_limit", "skipped"]),
  limit: z.enum(["targets", "slots"]).optional(),
  reason: z.string().optional(),
  /** Of a target whose host key is not confirmed: the key to authorize on the server. */
  publicKey: z.string().optional(),
});
export type ImportItem = z.infer<typeof ImportItem>;

export const ImportPlan = z.object({
  /** SHA-256 of the plan, by which the import is applied. */
  plan: z.string(),
  applied: z.boolean(),
  items: z.array(ImportItem),
  /** The usage with every item imported and deployed. */
  needs: z.object({ slots: z.number().int(), targets: z.number().int() }),
  /** The smallest plan with room for that; null if there is none. */
  fits: z.enum(pricingPlanNames).nullable(),
});
export type ImportPlan = z.infer<typeof ImportPlan>;

export const idOf = ({ kind, name }: Pick<ImportItem, "kind" | "name">) => `${kind}:${name}`;
