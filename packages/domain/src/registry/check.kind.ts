import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { failure, failureOf } from "../job/failure.ts";
import type { Read } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { get } from "../query.ts";
import { isTrusted } from "../remote/reach.ts";
import { redactor } from "../secret/redact.ts";
import { assign, overtaken, update } from "../table.ts";
import { ask } from "../target/connection.ts";
import { loginAdded } from "./login.ts";
import { registryKey } from "./registry.ts";

const Check = z.object({ input: z.object({ registry: z.string(), added: z.string() }) });

/** Asks a registry whether it takes a login, from a server: its Docker is what pulls, and no request to the registry is ours. */
export const checkLogin: Read<z.infer<typeof Check>> = {
  changes: "nothing",
  input: Check,
  retries: false,

  async read(ctx, job, server, reach): Promise<Outcome> {
    const { registry, added } = job.input;
    const login = await loginAdded(ctx, registry, added);
    if (!login) return { ok: false, failure: failure("registry.removed") };
    if (!isTrusted(server)) return { ok: false, failure: failure("untrusted") };
    const redact = redactor({ values: [login.password], shown: [login.registry, login.user] });
    const run = { op: "login", job: job.id, fence: 0, from: 0, files: [], values: {}, logins: [login] } as const;
    const exit = await ask(ctx, server, reach, run, redact);
    if (exit.code === 0) return { ok: true };
    if (exit.class !== "registry.denied") return { ok: false, failure: failureOf(exit) };
    const message = `${registry} refused the login of ${login.user}${exit.message ? `\n${exit.message}` : ""}`;
    return { ok: false, failure: failureOf({ ...exit, message, data: { registry, login: login.user } }) };
  },

  async finish(ctx, job) {
    const { registry, added } = job.input;
    const bad = Object.values(job.rollouts).find((rollout) => rollout.failure);
    const line = audit(ctx, "registry.checked", registry, { result: job.status });
    const row = await get(ctx, registryKey(ctx, registry));
    if (job.status === "canceled" || row?.addedAt !== added) return [line];
    const problem = bad?.failure && { class: bad.failure.class, message: bad.failure.message, target: bad.name };
    const { change, values } = assign({ checkedAt: ctx.now().toISOString(), problem });
    const still = { change, condition: "addedAt = :added", values: { ...values, ":added": added } };
    return [update(ctx, registryKey(ctx, registry), still, overtaken), line];
  },
};
