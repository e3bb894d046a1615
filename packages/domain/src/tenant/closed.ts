import type { World } from "../context.ts";
import { get, globalKey } from "../table.ts";

/** What stays of an account that was closed: that, and when. It names nobody. */
export const closedKey = (tenant: string) => globalKey("CLOSED", tenant);

/** Whether a tenant that has no account was closed. */
export const wasClosed = async (world: World, tenant: string): Promise<boolean> =>
  (await get(world, closedKey(tenant))) !== undefined;
