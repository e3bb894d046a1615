import { projectValues } from "../app/app.ts";
import type { Context } from "../context.ts";
import type { Job } from "../job/job.ts";
import { get } from "../query.ts";
import type { Release } from "../release/release.ts";
import { isTrusted, type Reach } from "../remote/reach.ts";
import { type Carried, RemoteError, type RemoteErrorClass } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import { openConnection } from "../target/connection.ts";
import { StoredTarget, targetKey } from "../target/target.ts";

interface From {
  readonly job: Job & { readonly app: string; readonly appId: string; readonly environment: string };
  readonly release: Release;
  /** The id of the target that built them. */
  readonly builder: string;
}

const passing: ReadonlySet<RemoteErrorClass> = new Set([
  "dropped",
  "unreachable",
  "refused",
  "timeout",
  "aborted",
  "agent.silent",
  "aws.throttled",
]);

const CANNOT = { gone: "Images cannot be fetched by the way in which this server is reached" };

/** The images that another target has built, by a connection to it that lasts as long as they are read. @throws RemoteError where it may pass */
export const carriedFrom =
  (ctx: Context, reach: Reach, { job, release, builder }: From, redact: Redact) =>
  async (services: readonly string[], signal: AbortSignal): Promise<Carried> => {
    const name = job.rollouts[builder]?.name ?? builder;
    const built = new Set(release.services.flatMap((each) => (each.built ? [each.name] : [])));
    if (!services.every((service) => built.has(service))) return { gone: "The server asks for what the release does not build" };
    const values = {
      ...projectValues(ctx, job),
      release: String(release.number),
      services: services.map((service) => `${service}\n`).join(""),
    };
    try {
      const row = await get(ctx, targetKey(ctx, builder));
      if (!row) return { gone: `${name}, which built the images, was removed` };
      const target = StoredTarget.parse(row);
      if (!isTrusted(target)) return { gone: `${name}, which built the images, waits for its host key to be confirmed` };
      const remote = await openConnection(ctx, target, reach, signal);
      const close = () => void remote.close();
      signal.addEventListener("abort", close, { once: true });
      const pack = (await remote.save?.({ op: "save", job: job.id, fence: 0, from: 0, files: [], values })) ?? CANNOT;
      if (!("gone" in pack)) return { ...pack, content: until(pack.content, close) };
      close();
      return { gone: redact(`${name}, which built the images: ${pack.gone}`) };
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      const message = redact(`${name}, which built the images: ${error.message}`);
      if (passing.has(error.class)) throw new RemoteError("unreachable", message, { cause: error });
      return { gone: message };
    }
  };

async function* until(content: AsyncIterable<Uint8Array>, close: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* content;
  } finally {
    close();
  }
}
