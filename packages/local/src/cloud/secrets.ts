import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { keepJson, readJson } from "../state/file.ts";

const Secrets = z.object({ stripeKey: z.string(), webhookSecret: z.string() });
export type Secrets = z.infer<typeof Secrets>;

/** The service's own secrets: made at the first start and kept in the folder. */
export function secretsOf(folder: string | undefined): Secrets {
  const file = folder === undefined ? undefined : join(folder, "secrets.json");
  const known = file === undefined ? undefined : readJson(file);
  if (known) return Secrets.parse(known);
  const text = (bytes: number) => randomBytes(bytes).toString("hex");
  const made = { stripeKey: `sk_test_local${text(12)}`, webhookSecret: `whsec_${text(24)}` };
  if (file !== undefined) keepJson(file, made);
  return made;
}
