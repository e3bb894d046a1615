import type { World } from "./context.ts";
import { commit, type Key, list, type Write } from "./table.ts";

/** Rows in one transaction: DynamoDB takes 100. */
const AT_ONCE = 100;

/** Removes a row, if it is there. */
export const erase = (world: World, at: Key): Write => ({ op: { Delete: { TableName: world.table.name, Key: at } } });

/** Removes rows that may be gone already, a hundred at a time. */
export async function eraseAll(world: World, keys: readonly Key[]): Promise<void> {
  for (let from = 0; from < keys.length; from += AT_ONCE)
    await commit(world, ...keys.slice(from, from + AT_ONCE).map((at) => erase(world, at)));
}

/** Removes a partition but for the rows that `keep` names. What a killed process left is found by the next. Answers how many went. */
export async function erasePartition(world: World, pk: string, keep: (sk: string) => boolean = () => false): Promise<number> {
  let gone = 0;
  for (let after: string | undefined; ; ) {
    const page = await list(world, { pk, after, limit: AT_ONCE, consistent: true });
    const keys = page.rows.map((row) => ({ pk, sk: String(row.sk) })).filter(({ sk }) => !keep(sk));
    await eraseAll(world, keys);
    gone += keys.length;
    if (page.last === undefined) return gone;
    after = page.last;
  }
}
