import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { connectionFailure, failureOf } from "../job/failure.ts";
import type { Rollout } from "../job/job.ts";
import type { Read } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { get } from "../query.ts";
import { CONNECT_SECONDS, within } from "../remote/deadline.ts";
import { isTrusted, portOf, type Reach, type Server } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { unredacted } from "../secret/redact.ts";
import { assign, update, type Write } from "../table.ts";
import { ask } from "./connection.ts";
import { StoredTarget, type Target, targetKey } from "./target.ts";

/** Reads a server's host key and, once that is confirmed, what is there: Docker, Compose, architecture, disk. */
export const check: Read = {
  changes: "nothing",
  input: z.object({}),
  retries: false,

  async read(ctx, job, server, reach): Promise<Outcome> {
    try {
      if (!isTrusted(server)) return { ok: true, found: { hostKey: await scan(ctx, server, reach) } };
      const exit = await ask(
        ctx,
        server,
        reach,
        { op: "check", job: job.id, fence: 0, from: 0, files: [], values: {} },
        unredacted,
      );
      return exit.code === 0 ? { ok: true, found: { facts: exit.data } } : { ok: false, failure: failureOf(exit) };
    } catch (error) {
      if (!(error instanceof RemoteError) || error.class !== "hostkey.changed") throw error;
      const shown = await scan(ctx, server, reach).catch(unseen);
      return { ok: false, failure: connectionFailure(error), ...(shown && { found: { hostKey: shown } }) };
    }
  },

  async finish(ctx, job) {
    const writes: Write[] = [];
    for (const rollout of Object.values(job.rollouts)) {
      const found = await get(ctx, targetKey(ctx, rollout.target));
      if (!found) continue;
      writes.push(
        checked(ctx, StoredTarget.parse(found), rollout),
        audit(ctx, "target.checked", rollout.target, { name: rollout.name, result: job.status }),
      );
    }
    return writes;
  },
};

/** It showed a key a moment ago and now shows none, so there is none to confirm. */
const unseen = (error: unknown) => {
  if (!(error instanceof RemoteError)) throw error;
  return undefined;
};

const scan = (ctx: Context, server: Server, reach: Reach) =>
  within(ctx, CONNECT_SECONDS, async () =>
    reach.scan(await reach.resolve(server.host, { allowPrivate: ctx.privateTargets }), portOf(server)),
  );

function checked(ctx: Context, target: StoredTarget, rollout: Rollout): Write {
  const { hostKey: shown, facts } = rollout.found ?? {};
  const { failure } = rollout;
  const status: Target["status"] =
    failure?.class === "hostkey.changed" ? "changed" : !isTrusted(target) ? "untrusted" : failure ? "unready" : "ready";
  const problem = failure && {
    class: failure.class,
    message: failure.message,
    ...(failure.remedy && { remedy: failure.remedy }),
  };
  const fields = {
    status,
    checkedAt: ctx.now().toISOString(),
    shownKey: shown,
    problem,
    ...(!failure && facts && { facts }),
  };
  return update(ctx, targetKey(ctx, target.id), { ...assign(fields), condition: "attribute_exists(pk)" });
}
