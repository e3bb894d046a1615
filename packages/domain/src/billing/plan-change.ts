import * as z from "zod";
import { planNames } from "../plan/plan.ts";

/** What a change of plan did, or would do. */
export const PlanChange = z.object({
  from: z.enum(planNames),
  plan: z.enum(planNames),
  kind: z.enum(["upgrade", "downgrade", "keep"]),
  /** `payment_needed`: it happens when the page at `url` is paid, within a day; until then nothing has changed. */
  status: z.enum(["preview", "done", "planned", "payment_needed"]),
  /** When the plan is, or would be, in force. */
  at: z.iso.datetime(),
  /** Cents charged now. */
  due: z.number().int(),
  currency: z.string(),
  url: z.string().nullable(),
  /** How many of what is used the plan does not cover; it keeps running, and nothing is added until it fits. */
  over: z.object({ slots: z.number().int(), targets: z.number().int() }),
});
export type PlanChange = z.infer<typeof PlanChange>;
