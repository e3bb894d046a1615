import type { World } from "./context.ts";
import { Problem } from "./error.ts";
import { getAll } from "./query.ts";
import { globalKey, type Key, updateOne } from "./table.ts";

export interface Limit {
  readonly name: string;
  readonly most: number;
  readonly seconds: number;
  readonly count?: number;
}

function prefix(ip: string, bits: 48 | 64): string {
  if (!ip.includes(":") || ip.includes(".")) return ip;
  const [head = [], tail = []] = ip.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, bits / 16).join(":");
}

export const network = (ip: string) => prefix(ip, 64);

/** An IPv6 site (/48) contains 65,536 networks and may make ten times the calls of one. */
export const fromNetwork = (name: string, ip: string, { most, seconds }: Omit<Limit, "name">): Limit[] => [
  { name: `${name}#${network(ip)}`, most, seconds },
  ...(ip.includes(":") ? [{ name: `${name}#${prefix(ip, 48)}/48`, most: most * 10, seconds }] : []),
];

interface Window extends Required<Limit> {
  readonly key: Key;
  readonly wait: number;
  readonly ttl: number;
}

function windowOf(world: World, { name, most, seconds, count = 1 }: Limit): Window {
  const now = Math.floor(world.now().getTime() / 1000);
  const number = Math.floor(now / seconds);
  return {
    name,
    most,
    seconds,
    count,
    key: globalKey("RATE", `${name}#${number}`),
    wait: (number + 1) * seconds - now,
    ttl: (number + 2) * seconds,
  };
}

const tooMany = ({ wait }: Window) =>
  new Problem("rate.limited", { detail: `Try again in ${wait} seconds.`, facts: { retryAfter: wait } });

/** A call over any limit counts nowhere. Pass the caller's own limits before shared ones. @throws Problem rate.limited, with `retryAfter` */
export async function limitAll(world: World, limits: readonly Limit[]): Promise<void> {
  const windows = limits.map((each) => windowOf(world, each));
  const rows = await getAll(
    world,
    windows.map(({ key }) => key),
    { consistent: false },
  );
  for (const [i, window] of windows.entries())
    if (Number(rows[i]?.calls ?? 0) + window.count > window.most) throw tooMany(window);
  for (const window of windows) {
    const change = {
      change: "SET calls = if_not_exists(calls, :zero) + :count, #ttl = :ttl",
      condition: "attribute_not_exists(calls) OR calls <= :room",
      values: { ":zero": 0, ":count": window.count, ":room": window.most - window.count, ":ttl": window.ttl },
    };
    await updateOne(world, window.key, change, tooMany(window));
  }
}

export const limit = (world: World, name: string, rest: Omit<Limit, "name">) => limitAll(world, [{ name, ...rest }]);
