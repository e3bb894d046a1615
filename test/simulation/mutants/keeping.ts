// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const deploy = "packages/domain/src/deployment/deploy.kind.ts";

/** What secrets and add-ons keep to. */
export const keepingMutants = [
  of(
    "packages/domain/src/variable/used.ts",
    "a run has other versions than its release names",
    "namespace, name, version }));",
    "namespace, name, version: Math.max(1, version - 1) }));",
  ),
  of(
    deploy,
    "a rollback has none of its release's secrets",
    "openUsed(ctx, job, release.variables)",
    "openUsed(ctx, job, job.rollback ? [] : release.variables)",
  ),
  of(
    "packages/domain/src/variable/variable.ts",
    "a value is kept as it is",
    'ctx.sealBytes(Buffer.from(value, "utf8"), sealContext(ctx, of, kind));',
    'Promise.resolve(sealContext(ctx, of, kind) ? Buffer.from(value, "utf8") : Buffer.alloc(0));',
  ),
  of(
    "packages/domain/src/variable/set.ts",
    "a value is in the audit log",
    '${names.join(", ")}, version',
    "${JSON.stringify(input)}, version",
  ),
  of(
    deploy,
    "an upgrade that broke takes the add-on to the new volume",
    "...(idle ? await deactivate(ctx, next) : []),",
    "...(idle ? await deactivate(ctx, next) : []),\n      ...(await upgraded(ctx, job, job.input)),",
  ),
  of(
    deploy,
    "an upgrade that succeeded leaves the add-on at the old volume",
    "...(await upgraded(ctx, job, job.input)), auditEnd",
    "...(await upgraded(ctx, job, {})), auditEnd",
  ),
  of(
    "packages/domain/src/plan/plan-target.ts",
    "an add-on gets a new volume without its data",
    "{ making, moves }),",
    "{ making }),",
  ),
];
