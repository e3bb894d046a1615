import * as z from "zod";
import type { Context } from "../context.ts";
import type { Exit } from "../remote/remote.ts";
import { getLasting, key, list, put, type Write } from "../table.ts";

/**
 * The images a release was first healthy with, by service, as each server told them: the id that its Docker has for an image, and the
 * repository@digest that any registry has it by, where it came from one. Going back to the release never asks what a tag means by now.
 */
export const Images = z.record(z.string(), z.object({ id: z.string(), digest: z.string().optional() }));
export type Images = z.infer<typeof Images>;

export const ImagesOnTarget = z.object({ target: z.string(), images: Images });
export type ImagesOnTarget = z.infer<typeof ImagesOnTarget>;

interface Of {
  /** The app's id. */
  readonly app: string;
  readonly environment: string;
  readonly number: number;
}

const MOST = 200;
/** Of all releases of an environment; the number follows. */
export const imagesPrefix = (app: string, environment: string) => `IMAGES#${app}#${environment}#`;
const prefixOf = ({ app, environment, number }: Of) => `${imagesPrefix(app, environment)}${number}#`;
const rowKey = (ctx: Context, of: Of, target: string) => key(ctx, `${prefixOf(of)}${target}`);

/** What a server's verdict says of them. It is somebody else's server: what does not look like an image is left out. */
export function readImages(verdict: Exit): Images {
  const found = Object.entries(verdict.data).flatMap(([field, value]) => {
    const service = /^image\.([a-zA-Z0-9._-]{1,100})$/.exec(field)?.[1];
    const [, id, digest] = /^(sha256:[0-9a-f]{64})(?: ([^\s@]{1,255}@sha256:[0-9a-f]{64})| -)?$/.exec(value) ?? [];
    return service && id ? [[service, { id, ...(digest && { digest }) }] as const] : [];
  });
  return Object.fromEntries(found.slice(0, MOST));
}

/** For the commit in which a release became healthy on a target. Deployed there again it is what it was: the server sees to that. */
export const recordImages = (ctx: Context, of: Of, target: string, images: Images): Write[] =>
  Object.keys(images).length === 0 ? [] : [put(ctx, rowKey(ctx, of, target), { images })];

/** By target, where the release was ever healthy. */
export async function imagesOf(ctx: Context, of: Of): Promise<ImagesOnTarget[]> {
  const prefix = prefixOf(of);
  const { rows } = await list(ctx, { pk: key(ctx, "").pk, prefix, limit: MOST });
  return rows.map(({ sk, images }) => ImagesOnTarget.parse({ target: String(sk).slice(prefix.length), images }));
}

/**
 * What the runner is told of a release that is gone back to, in case the server does not know it any more: its images as they were there,
 * or on a server that never had it as they were on another, where only a digest means the same.
 */
export async function pinsOf(ctx: Context, of: Of, target: string): Promise<string> {
  const own = await getLasting(ctx, rowKey(ctx, of, target));
  const images = own ? Images.parse(own.images) : ((await imagesOf(ctx, of))[0]?.images ?? {});
  return Object.entries(images)
    .map(([service, { id, digest }]) => `${service}\t${own ? id : "-"}\t${digest ?? "-"}\n`)
    .join("");
}
