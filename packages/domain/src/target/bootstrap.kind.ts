import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { connectionFailure, type FailureClass, failure } from "../job/failure.ts";
import type { Read } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { CONNECT_SECONDS, within } from "../remote/deadline.ts";
import { portOf, type Reach, type Server } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { redactor } from "../secret/redact.ts";
import { forget } from "../table.ts";
import { openConnection, withoutSecrets } from "./connection.ts";
import { passwordKey, takePassword } from "./password.ts";
import { findTarget } from "./target.ts";

/** Lets the target's key in by a password, and proves it in a second connection. The password is used once, even if the worker dies with it. */
export const bootstrap: Read = {
  changes: "nothing",
  input: z.object({}),
  retries: false,

  async read(ctx, job, server, reach): Promise<Outcome> {
    if (!server.hostKey) return { ok: false, failure: failure("untrusted") };
    const password = await takePassword(ctx, server.id, job.id);
    if (password !== undefined) await useOnce(ctx, server, reach, password);
    const unproven: FailureClass = password === undefined ? "password.used" : "key.ignored";
    try {
      const remote = await openConnection(ctx, server, reach);
      await remote.close();
      return { ok: true };
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return { ok: false, failure: error.class === "auth.failed" ? failure(unproven) : connectionFailure(error) };
    }
  },

  async finish(ctx, job) {
    return [
      forget(ctx, passwordKey(ctx, job.id)),
      ...Object.values(job.rollouts).map(({ target, name }) =>
        audit(ctx, "target.bootstrapped", target, { name, result: job.status }),
      ),
    ];
  },
};

async function useOnce(ctx: Context, server: Server, reach: Reach, password: string): Promise<void> {
  const { publicKey } = await findTarget(ctx, server.id);
  if (publicKey === undefined) throw new Error("a target without a key was to be let in");
  const redact = redactor({ values: [password] });
  await within(ctx, CONNECT_SECONDS, async (signal) => {
    const host = await reach.resolve(server.host, { allowPrivate: ctx.privateTargets });
    const address = { host, port: portOf(server), user: server.user, hostKey: server.hostKey?.key ?? "" };
    await reach.letIn(address, password, publicKey, signal);
  }).catch((error: unknown) => {
    throw withoutSecrets(error, redact);
  });
}
