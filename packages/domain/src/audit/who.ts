import * as z from "zod";
import type { Actor } from "../context.ts";

/** An actor under the name of that time, so that the audit log stays readable after a token is gone. */
export const Who = z.object({ kind: z.enum(["user", "token", "system"]), id: z.string(), name: z.string().optional() });
export type Who = z.infer<typeof Who>;

export const whoIs = (actor: Actor): Who => ({
  kind: actor.kind,
  id: actor.id,
  ...(actor.kind !== "system" && actor.name && { name: actor.name }),
});
