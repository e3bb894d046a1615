import { type Environment, environmentFlag } from "../app/app.ts";
import { Problem } from "../error.ts";

const KEPT = 20;

/** A release that was redeployed while live is not a step of its own. */
export const keptHealthy = (healthy: readonly number[]) => healthy.filter((number, i) => number !== healthy[i - 1]).slice(-KEPT);

export function isLive({ live, placement }: Pick<Environment, "live" | "placement">, release: number): boolean {
  return placement.length > 0 && placement.every((target) => live[target] === release);
}

/** Undefined if a rollback is possible. `succeeded`: its deployment did. */
export function rollbackProblem(environment: Environment, release: number, succeeded: boolean): Problem | undefined {
  if (isLive(environment, release))
    return new Problem("release.live", {
      detail: `Release ${release} is live.`,
      next: [`berth app start ${environment.app}${environmentFlag(environment.name)}`],
    });
  if (environment.healthy.includes(release)) return undefined;
  const healthy = [...new Set(environment.healthy)].filter((number) => !isLive(environment, number)).reverse();
  const next = healthy
    .slice(0, 3)
    .map((number) => `berth rollback ${number} --app ${environment.app}${environmentFlag(environment.name)}`);
  return succeeded
    ? new Problem("release.too_old", {
        detail: `Release ${release} is no longer kept for a rollback.`,
        ...(next.length > 0 && { next }),
      })
    : new Problem("release.never_healthy", {
        detail: `Release ${release} was never healthy on every server.`,
        ...(next.length > 0 && { next }),
      });
}

/** The release before the live one or, if a deployment went live on some targets only, the last one that all targets had. */
export function earlier({ healthy, live }: Pick<Environment, "healthy" | "live">): number | undefined {
  const last = healthy.at(-1);
  if (Object.values(live).some((number) => number !== last)) return last;
  const first = healthy.indexOf(last ?? 0);
  return first > 0 ? healthy[first - 1] : undefined;
}
