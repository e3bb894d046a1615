import type { World } from "../context.ts";
import { Problem } from "../error.ts";
import { globalKey, touch } from "../table.ts";

/** What one caller has of the net: an IPv4 address, or the 64 bits that IPv6 gives to a single line. */
export function network(ip: string): string {
  if (!ip.includes(":") || ip.includes(".")) return ip;
  const [head = [], tail = []] = ip.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}

/** Lets `most` calls of a name through in each window of `seconds`. @throws Problem rate.limited, with the seconds to wait in `retryAfter` */
export async function limit(world: World, name: string, { most, seconds }: { most: number; seconds: number }): Promise<void> {
  const now = Math.floor(world.now().getTime() / 1000);
  const window = Math.floor(now / seconds);
  const wait = (window + 1) * seconds - now;
  const change = {
    change: "SET calls = if_not_exists(calls, :zero) + :one, #ttl = :ttl",
    condition: "attribute_not_exists(calls) OR calls < :most",
    values: { ":zero": 0, ":one": 1, ":most": most, ":ttl": (window + 2) * seconds },
  };
  const tooMany = new Problem("rate.limited", { detail: `Try again in ${wait} seconds.`, facts: { retryAfter: wait } });
  await touch(world, globalKey("RATE", `${name}#${window}`), change, tooMany);
}
