/** Rows that are due are spread over so many partitions of the sparse index that none is hot. */
const SHARDS = 16;

export const shardsOf = (prefix: string): string[] => Array.from({ length: SHARDS }, (_, shard) => `${prefix}#${shard}`);

/** Always the same one for an id. */
export function shardOf(prefix: string, id: string): string {
  let shard = 0;
  for (const char of id) shard = (shard * 31 + char.charCodeAt(0)) % SHARDS;
  return `${prefix}#${shard}`;
}
