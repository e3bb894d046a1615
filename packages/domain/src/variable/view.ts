import * as z from "zod";
import { Who } from "../audit/who.ts";

/** What is told of secrets and variables. */
export const kinds = ["secret", "variable"] as const;
export type Kind = (typeof kinds)[number];

export const Variable = z.object({
  name: z.string(),
  kind: z.enum(kinds),
  namespace: z.string(),
  version: z.number().int(),
  changedAt: z.iso.datetime(),
});
export type Variable = z.infer<typeof Variable>;

export const Version = z.object({ version: z.number().int(), by: Who, at: z.iso.datetime() });
export type Version = z.infer<typeof Version>;
export const VariableHistory = Variable.extend({ versions: z.array(Version) });

export const Revealed = Variable.extend({ value: z.string() });
