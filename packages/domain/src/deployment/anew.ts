import type { Chosen } from "../addon/addon.ts";
import { imageOf } from "../addon/fragment.ts";
import { type App, type Environment, getAppIn, PRODUCTION } from "../app/app.ts";
import { choosePlacement, type PlacedTarget } from "../app/placement.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted } from "../entitlement/account.ts";
import { newId, sha256 } from "../id.ts";
import type { Job } from "../job/job.ts";
import { liveRelease } from "../release/live.ts";
import { insertWithoutBundle, type Release } from "../release/release.ts";
import type { Write } from "../table.ts";
import { retryOnConflict } from "../turn.ts";
import { sameRequest, start } from "./deploy.ts";

export interface Anew {
  readonly app: string;
  readonly environment?: string | undefined;
}

interface Found {
  readonly app: App;
  readonly environment: Environment;
  readonly live: Release;
  readonly placed: readonly PlacedTarget[];
}

/** What the new release has otherwise than the live one. */
interface Changes extends Pick<Release, "variables" | "addons"> {
  readonly writes?: readonly Write[];
  readonly input?: Readonly<Record<string, string>>;
}

/** Makes a release of what is live, its images too, with what is otherwise in it, and deploys it. @throws Problem app.not_deployed, release.mixed */
export async function deployAnew(ctx: Context, input: Anew, change: (found: Found) => Promise<Changes>): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    assertPermitted(ctx, account, "grow");
    const found = await liveRelease(ctx, app, environment);
    const { note: _note, variables: _variables, addons: had, ...live } = found;
    const placed = await choosePlacement(ctx, environment, undefined);
    const { variables = [], addons = [], writes = [], input: more } = await change({ app, environment, placed, live: found });
    const job = newId(ctx, "job");
    const release: Release & { from: number } = {
      ...live,
      services: servicesWith(live.services, had ?? addons, addons),
      number: environment.releases + 1,
      from: live.from ?? live.number,
      imagesFrom: live.number,
      hash: sha256(`${live.hash} ${JSON.stringify([variables, addons])}`),
      ...(variables.length > 0 && { variables: [...variables] }),
      ...(addons.length > 0 && { addons: [...addons] }),
      job,
      by: whoIs(ctx.actor),
      createdAt: ctx.now().toISOString(),
    };
    const fresh = addons.filter(
      (addon) => !live.services.some(({ name, image }) => name === addon.name && image === imageOf(addon)),
    );
    const pulled = fresh.length > 0 ? { fresh: fresh.map(({ name }) => name).join(" ") } : {};
    const all = [insertWithoutBundle(ctx, app, release), ...writes];
    return start(ctx, { app, environment, account, placed, release, job, writes: all, input: { ...pulled, ...more } });
  });
}

function servicesWith(services: Release["services"], had: readonly Chosen[], addons: readonly Chosen[]): Release["services"] {
  const own = services.filter(({ name }) => !had.some((each) => each.name === name));
  return [...own, ...addons.map((addon) => ({ name: addon.name, image: imageOf(addon) }))];
}
