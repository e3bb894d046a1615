import * as z from "zod";
import { Container, type Containers } from "../remote/container.ts";

export const State = z.enum(["running", "degraded", "stopped", "unknown"]);
export type State = z.infer<typeof State>;

export const SeenContainer = Container.extend({
  orphan: z.boolean(),
  ok: z.boolean(),
  why: z.string().nullable(),
});
export type SeenContainer = z.infer<typeof SeenContainer>;

export interface Judged {
  readonly state: State;
  readonly containers: SeenContainer[];
  readonly missing: string[];
}

/** `docker stop` and a server restart end a container alike; the restart policy says whether Docker starts it again. */
const comesBack = ({ restartPolicy }: Container) => restartPolicy === "always" || restartPolicy === "unless-stopped";

/** `ran`: services that ran when the release went live. One of them that has exited, with any status, is stopped. */
export function judge({ items, expected, bootedAt }: Containers, ran: readonly string[] | undefined): Judged {
  const containers = items.map((container): SeenContainer => {
    const orphan = expected.length > 0 && !expected.includes(container.service);
    const should = ran?.includes(container.service) || comesBack(container);
    const why = orphan ? null : trouble(container, should, bootedAt);
    return { ...container, orphan, ok: why === null, why };
  });
  const own = containers.filter(({ orphan }) => !orphan);
  const missing = (ran ?? expected).filter((name) => !own.some(({ service }) => service === name));
  const lives = own.some(({ state }) => state === "running");
  const state = !lives ? "stopped" : missing.length > 0 || own.some(({ ok }) => !ok) ? "degraded" : "running";
  return { state, containers, missing };
}

function trouble(container: Container, shouldRun: boolean, bootedAt: string | null): string | null {
  const { state, health, exitCode, restarts, startedAt } = container;
  switch (state) {
    case "running":
      return health === "unhealthy" ? "Its health check fails." : null;
    case "restarting":
      return `It keeps crashing (exit status ${exitCode ?? "unknown"}); Docker has restarted it ${restarts} ${restarts === 1 ? "time" : "times"}.`;
    case "exited":
      if (exitCode === 0 && !shouldRun) return null;
      if (bootedAt && startedAt && startedAt < bootedAt && !comesBack(container))
        return `It was not started again when the server restarted: its restart policy is "${container.restartPolicy}".`;
      return `It stopped (exit status ${exitCode ?? "unknown"}).`;
    case "created":
      return "It was created but never started.";
    default:
      return `It is ${state}.`;
  }
}

/** If a part is unknown, the whole is unknown, unless another part is worse. */
export function together(states: readonly State[]): State {
  if (states.length === 0) return "unknown";
  const [first] = states;
  if (first && states.every((state) => state === first)) return first;
  return states.some((state) => state === "degraded" || state === "stopped") ? "degraded" : "unknown";
}
