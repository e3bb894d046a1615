import * as z from "zod";
import { planNames } from "../plan/plan.ts";

/**
 * What an import would do, item by item, and what it cannot do and why. It is made anew from the account each time; its digest is what a
 * person agrees to.
 *
 *   create -> created      exists (as the export says it)      conflict (another thing has the name)      over_limit      skipped
 */
export const ImportItem = z.object({
  kind: z.enum(["target", "app", "history", "webhook"]),
  name: z.string(),
  action: z.enum(["create", "created", "exists", "conflict", "over_limit", "skipped"]),
  /** Which limit of the plan it is. */
  limit: z.enum(["targets", "slots"]).optional(),
  reason: z.string().optional(),
  /** A target's key, while nobody has confirmed the server's own: it has to be let in there. */
  publicKey: z.string().optional(),
});
export type ImportItem = z.infer<typeof ImportItem>;

export const ImportPlan = z.object({
  /** SHA-256 of what is planned for whom: what an import is applied by. */
  plan: z.string(),
  applied: z.boolean(),
  items: z.array(ImportItem),
  /** What the account would use with everything in it and deployed. */
  needs: z.object({ slots: z.number().int(), targets: z.number().int() }),
  /** The smallest plan with room for that; null where none has. */
  fits: z.enum(planNames).nullable(),
});
export type ImportPlan = z.infer<typeof ImportPlan>;

export const idOf = ({ kind, name }: Pick<ImportItem, "kind" | "name">) => `${kind}:${name}`;
