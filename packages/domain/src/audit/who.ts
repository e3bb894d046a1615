import * as z from "zod";
import type { Actor } from "../context.ts";

/** An actor under the name of that time, so that the audit log stays readable after a token is gone. */
export const Who = z.object({ kind: z.enum(["user", "token", "system"]), id: z.string(), name: z.string().optional() });
export type Who = z.infer<typeof Who>;

/** In a mail to those who may have acted themselves. */
export const byWhom = (actor: Actor): string => (actor.kind === "token" ? `the token "${actor.name ?? actor.id}"` : "you");

export const whoIs = (actor: Actor): Who => ({
  kind: actor.kind,
  id: actor.id,
  ...(actor.kind !== "system" && actor.name && { name: actor.name }),
});
