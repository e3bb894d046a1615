import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { isTrusted } from "../remote/reach.ts";
import { findTarget, listTargets, targetNames } from "../target/target.ts";
import type { Environment } from "./app.ts";

export interface PlacedTarget {
  readonly id: string;
  readonly name: string;
  /** Not placed there before. */
  readonly fresh: boolean;
}

/** Those asked for beside those it has, else those it has, else the only target. @throws Problem deployment.no_target, target.untrusted */
export async function choosePlacement(
  ctx: Context,
  environment: Environment,
  asked: readonly string[] | undefined,
): Promise<PlacedTarget[]> {
  const known = new Set(environment.placement);
  if (asked && asked.length > 0) {
    const named = await Promise.all([...new Set(asked)].map((name) => findTarget(ctx, name)));
    // An id and a name may mean the same target.
    const found = [...new Map(named.map((target) => [target.id, target])).values()];
    const ids = new Set(found.map((target) => target.id));
    for (const target of found) if (!isTrusted(target)) throw untrusted(target.name);
    const kept = await currentPlacement(
      ctx,
      environment.placement.filter((id) => !ids.has(id)),
    );
    return [...kept, ...found.map(({ id, name }) => ({ id, name, fresh: !known.has(id) }))];
  }
  if (environment.placement.length > 0) return currentPlacement(ctx, environment.placement);
  const all = await listTargets(ctx);
  const only = all.length === 1 ? all[0] : all.find((target) => target.default);
  if (!only)
    throw new Problem("deployment.no_target", {
      detail:
        all.length === 0
          ? "There is no target yet."
          : `There are ${all.length} targets: ${all.map((each) => each.name).join(", ")}.`,
      ...(all.length === 0 && { next: ["berth target add NAME USER@HOST"] }),
    });
  if (!isTrusted(only)) throw untrusted(only.name);
  return [{ id: only.id, name: only.name, fresh: true }];
}

/** The id of the one that builds for the others, if there are any. @throws Problem deployment.no_builder */
export function builderAmong(placed: readonly PlacedTarget[], asked: string | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const found = placed.find(({ id, name }) => asked === id || asked === name);
  if (!found)
    throw new Problem("deployment.no_builder", {
      detail: `"${asked.slice(0, 60)}" is none of the targets that it goes to: ${placed.map(({ name }) => name).join(", ")}.`,
    });
  return placed.length > 1 ? found.id : undefined;
}

const untrusted = (name: string) =>
  new Problem("target.untrusted", {
    detail: `"${name}" waits for you to confirm its host key.`,
    next: [`berth target trust ${name}`],
  });

async function currentPlacement(ctx: Context, ids: readonly string[]): Promise<PlacedTarget[]> {
  const named = await targetNames(ctx, ids, { consistent: false }); // a name never changes
  return named.map((target) => ({ ...target, fresh: false }));
}
