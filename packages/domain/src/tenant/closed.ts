import type { World } from "../context.ts";
import { get } from "../query.ts";
import { globalKey } from "../table.ts";

/** What remains of a closed account, without personal data. */
export const closedKey = (tenant: string) => globalKey("CLOSED", tenant);

export const wasClosed = async (world: World, tenant: string): Promise<boolean> =>
  (await get(world, closedKey(tenant))) !== undefined;
