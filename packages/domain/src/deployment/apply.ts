import { getAppIn, PRODUCTION } from "../app/app.ts";
import { choosePlacement } from "../app/placement.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted } from "../entitlement/account.ts";
import { newId, sha256 } from "../id.ts";
import type { Job } from "../job/job.ts";
import { insertWithoutBundle } from "../release/release.ts";
import { retryOnConflict } from "../turn.ts";
import { choose } from "../variable/used.ts";
import { liveRelease, sameRequest, start } from "./deploy.ts";

/** Makes a release of what is live, its images too, with the secrets and variables as they are now, and deploys it. */
export async function applyVariables(ctx: Context, input: { app: string; environment?: string | undefined }): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    assertPermitted(ctx, account, "grow");
    const { note: _note, variables: _variables, ...live } = await liveRelease(ctx, app, environment);
    const { used, unchanged } = await choose(ctx, app, environment.name, environment.namespaces ?? []);
    const job = newId(ctx, "job");
    const release = {
      ...live,
      number: environment.releases + 1,
      from: live.from ?? live.number,
      hash: sha256(`${live.hash} ${JSON.stringify(used)}`),
      ...(used.length > 0 && { variables: [...used] }),
      job,
      by: whoIs(ctx.actor),
      createdAt: ctx.now().toISOString(),
    };
    const placed = await choosePlacement(ctx, environment, undefined);
    const writes = [insertWithoutBundle(ctx, app, release), ...(unchanged ? [unchanged] : [])];
    return start(ctx, { app, environment, account, placed, release, job, writes });
  });
}
