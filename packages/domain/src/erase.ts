import type { World } from "./context.ts";
import { list } from "./query.ts";
import { commit, type Key, type Write } from "./table.ts";

const AT_ONCE = 100;

export const erase = (world: World, at: Key): Write => ({ op: { Delete: { TableName: world.table.name, Key: at } } });

export async function eraseAll(world: World, keys: readonly Key[]): Promise<void> {
  for (let from = 0; from < keys.length; from += AT_ONCE)
    await commit(world, ...keys.slice(from, from + AT_ONCE).map((at) => erase(world, at)));
}

/** Idempotent. Answers how many rows were removed. */
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
