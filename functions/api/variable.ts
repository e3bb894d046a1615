import * as z from "zod";
import { inApp, name } from "./contract.ts";

/** What the routes about secrets and variables share. */
export const tag = "Secrets and variables";
export const NAME_MOST = 100;
export const named = inApp.extend({ name: z.string().min(1).max(NAME_MOST) });
export const inNamespace = z.object({
  environment: name.optional(),
  namespace: name.optional().describe("`default`, if absent"),
});
