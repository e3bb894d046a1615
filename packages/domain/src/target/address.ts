import type { Context } from "../context.ts";
import { limit } from "../rate-limit.ts";
import { checkAddress } from "../remote/address.ts";
import { within } from "../remote/deadline.ts";
import { RemoteError } from "../remote/remote.ts";

const LOOKUP_SECONDS = 5;
/** Of an import's names, one after the other in each of so many places. */
const AT_ONCE = 4;
const TOGETHER_SECONDS = 10;
/** As many as an export has, and a few more. */
const NAMES_A_MINUTE = 60;

/** Judges where a server is said to be, by our own deadline, for somebody who waits. @throws RemoteError address.* */
export const judgeAddress = (ctx: Context, host: string): Promise<string> =>
  within(ctx, LOOKUP_SECONDS, () => checkAddress(host, { allowPrivate: ctx.privateTargets })).catch((error: unknown) => {
    if (!(error instanceof RemoteError && error.class === "timeout")) throw error;
    throw new RemoteError("address.unknown", `The name was not found within ${LOOKUP_SECONDS} seconds`, { cause: error });
  });

/** What no server of names is asked about. */
const isName = (host: string) => !/^[\d.]+$|^\[?[\da-f.]*:[\da-f.:]*\]?$/i.test(host);

/** Why the addresses that were asked about cannot be a target's; undefined for those that can. */
export type Refused = ReadonlyMap<string, string | undefined>;

/**
 * Judges the addresses of one request's servers. A name is looked up once in the request, and so many of a tenant's in a minute, so that nobody reads the
 * net's names by us. Where `names` is false none is looked up, and only IP addresses are judged.
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
