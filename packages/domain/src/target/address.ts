import type { Context } from "../context.ts";
import { limit } from "../rate-limit.ts";
import { checkAddress } from "../remote/address.ts";
import { within } from "../remote/deadline.ts";
import { RemoteError } from "../remote/remote.ts";

const LOOKUP_SECONDS = 5;
/** Parallel lookups; an import has many names. */
const AT_ONCE = 4;
const TOGETHER_SECONDS = 10;
/** A little more than an export has. */
const NAMES_A_MINUTE = 60;

/** With a deadline of our own, since a person waits. @throws RemoteError address.* */
export const judgeAddress = (ctx: Context, host: string): Promise<string> =>
  within(ctx, LOOKUP_SECONDS, () => checkAddress(host, { allowPrivate: ctx.privateTargets })).catch((error: unknown) => {
    if (!(error instanceof RemoteError && error.class === "timeout")) throw error;
    throw new RemoteError("address.unknown", `The name was not found within ${LOOKUP_SECONDS} seconds`, { cause: error });
  });

/** IP addresses need no DNS. */
const isName = (host: string) => !/^[\d.]+$|^\[?[\da-f.]*:[\da-f.:]*\]?$/i.test(host);

/** By address: why it cannot be a target's; undefined if it can. */
export type Refused = ReadonlyMap<string, string | undefined>;

/**
 * Looks up each name once, and limits a tenant's lookups, so that nobody reads DNS through us. Without `names` it judges only IP addresses.
 * @throws Problem rate.limited
 */
export function judging(ctx: Context): (hosts: readonly string[], options: { names: boolean }) => Promise<Refused> {
  const known = new Map<string, string | undefined>();
  return async (hosts, { names }) => {
    const asked = [...new Set(hosts)].filter((host) => !known.has(host) && (names || !isName(host)));
    const count = asked.filter(isName).length;
    if (count > 0) await limit(ctx, `names#${ctx.tenant}`, { most: NAMES_A_MINUTE, seconds: 60, count });
    const until = ctx.now().getTime() + TOGETHER_SECONDS * 1000;
    const left = [...asked];
    const judge = async () => {
      for (let host = left.shift(); host !== undefined; host = left.shift())
        known.set(
          host,
          ctx.now().getTime() < until ? await refusal(ctx, host) : "The names took too long to look up; try again.",
        );
    };
    await Promise.all(Array.from({ length: AT_ONCE }, judge));
    return known;
  };
}

async function refusal(ctx: Context, host: string): Promise<string | undefined> {
  try {
    await judgeAddress(ctx, host);
    return undefined;
  } catch (error) {
    if (error instanceof RemoteError && error.class.startsWith("address.")) return `${error.message}.`;
    throw error;
  }
}
