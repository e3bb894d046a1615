import * as z from "zod";
import type { Actor } from "../context.ts";

/**
 * Who did something, as it is written down with what was done: a person's address or a token's name as they were then, so that they can be
 * read after the token is gone.
 */
export const Who = z.object({ kind: z.enum(["user", "token", "system"]), id: z.string(), name: z.string().optional() });
export type Who = z.infer<typeof Who>;

export const whoIs = (actor: Actor): Who => ({
  kind: actor.kind,
  id: actor.id,
  ...(actor.kind !== "system" && actor.name && { name: actor.name }),
});
