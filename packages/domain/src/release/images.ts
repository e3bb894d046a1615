import * as z from "zod";
import type { Context } from "../context.ts";
import { getImmutable, list } from "../query.ts";
import type { Exit } from "../remote/remote.ts";
import { key, put, type Write } from "../table.ts";

/** The images a release was first healthy with, per service and server. A rollback uses these and never resolves a tag again. */
export const Images = z.record(z.string(), z.object({ id: z.string(), digest: z.string().optional() }));
export type Images = z.infer<typeof Images>;

export const ImagesOnTarget = z.object({ target: z.string(), images: Images });
export type ImagesOnTarget = z.infer<typeof ImagesOnTarget>;

interface Of {
  readonly app: string;
  readonly environment: string;
  readonly number: number;
}

const MOST = 200;
export const imagesPrefix = (app: string, environment: string) => `IMAGES#${app}#${environment}#`;
const prefixOf = ({ app, environment, number }: Of) => `${imagesPrefix(app, environment)}${number}#`;
const rowKey = (ctx: Context, of: Of, target: string) => key(ctx, `${prefixOf(of)}${target}`);

/** The server is untrusted: values that do not look like images are ignored. */
export function readImages(verdict: Exit): Images {
  const found = Object.entries(verdict.data).flatMap(([field, value]) => {
    const service = /^image\.([a-zA-Z0-9._-]{1,100})$/.exec(field)?.[1];
    const [, id, digest] = /^(sha256:[0-9a-f]{64})(?: ([^\s@]{1,255}@sha256:[0-9a-f]{64})| -)?$/.exec(value) ?? [];
    return service && id ? [[service, { id, ...(digest && { digest }) }] as const] : [];
  });
  return Object.fromEntries(found.slice(0, MOST));
}

export const recordImages = (ctx: Context, of: Of, target: string, images: Images): Write[] =>
  Object.keys(images).length === 0 ? [] : [put(ctx, rowKey(ctx, of, target), { images })];

export async function imagesOf(ctx: Context, of: Of): Promise<ImagesOnTarget[]> {
  const prefix = prefixOf(of);
  const { rows } = await list(ctx, { pk: key(ctx, "").pk, prefix, limit: MOST });
  return rows.map(({ sk, images }) => ImagesOnTarget.parse({ target: String(sk).slice(prefix.length), images }));
}

/** Lines of the runner's `pins`: images recorded on this target, else another's by digest only, since image ids differ between servers. */
export async function pinsOf(ctx: Context, of: Of, target: string): Promise<[service: string, id: string, digest: string][]> {
  const own = await getImmutable(ctx, rowKey(ctx, of, target));
  const images = own ? Images.parse(own.images) : ((await imagesOf(ctx, of))[0]?.images ?? {});
  return Object.entries(images).map(([service, { id, digest }]) => [service, own ? id : "-", digest ?? "-"]);
}
