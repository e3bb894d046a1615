import type { World } from "./context.ts";

/** The moment so many seconds from now, before it where they are negative, as rows and answers have it. */
export const isoIn = (world: Pick<World, "now">, seconds: number): string =>
  new Date(world.now().getTime() + seconds * 1000).toISOString();
