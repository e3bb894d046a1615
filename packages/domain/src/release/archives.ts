import { getAppIn, PRODUCTION } from "../app/app.ts";
import { MEGABYTE } from "../bytes.ts";
import { allow, type Context, type Upload } from "../context.ts";
import { assertPermitted } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { limit } from "../rate-limit.ts";
import { ARCHIVES_MOST, type Archive, BUILT_FROM_BYTES } from "./archive.ts";

/** Megabytes that an account may send in a day. */
const DAILY = 10_000;
/** How many are looked up at once. */
const AT_ONCE = 32;

/**
 * Which of the archives of a release have to be sent first, and where to: the others are kept, and stay for a week at least. What an
 * address takes is exactly the archive that it is for.
 * @throws Problem bundle.too_large, rate.limited
 */
export async function prepareArchives(
  ctx: Context,
  { app: name, archives }: { readonly app: string; readonly archives: readonly Archive[] },
): Promise<readonly Upload[]> {
  allow(ctx, "deploy", { app: name });
  const { account } = await getAppIn(ctx, name, PRODUCTION);
  assertPermitted(ctx, account, "grow");
  checkArchives(archives);
  const wanted: Upload[] = [];
  for (let from = 0; from < archives.length; from += AT_ONCE) {
    const found = await Promise.all(archives.slice(from, from + AT_ONCE).map((each) => ctx.archives.upload(ctx.tenant, each)));
    wanted.push(...found.filter((each) => each !== undefined));
  }
  const sizes = new Map(archives.map(({ hash, bytes }) => [hash, bytes]));
  const bytes = wanted.reduce((sum, { hash }) => sum + (sizes.get(hash) ?? 0), 0);
  if (bytes > 0) await limit(ctx, `archives#${ctx.tenant}`, { most: DAILY, seconds: 86_400, count: Math.ceil(bytes / MEGABYTE) });
  return wanted;
}

/** @throws Problem bundle.too_large */
export function checkArchives(archives: readonly Archive[]): void {
  const bytes = archives.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes > BUILT_FROM_BYTES)
    throw new Problem("bundle.too_large", {
      detail: `What services are built from and mount is ${Math.ceil(bytes / MEGABYTE)} MB compressed; ${BUILT_FROM_BYTES / MEGABYTE} MB is the most.`,
    });
  if (archives.length > ARCHIVES_MOST)
    throw new Problem("bundle.too_large", { detail: `It is more than ${ARCHIVES_MOST} archives.` });
}
