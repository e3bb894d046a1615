/** What happens on the server, in the order in which Berth's runner and `docker compose up --remove-orphans` do it. */
import { rulesOf } from "./compose-rules.ts";
import type { Difference } from "./differences.ts";
import type { Operation, TargetPlan } from "./plan.ts";
import { inOrder, type Project } from "./resolved.ts";

/** `differences` in dependency order. All containers are made before the first one is started (pkg/compose/up.go). */
export function operations(
  compose: string,
  release: Project,
  differences: readonly Difference[],
  { images, volumes, networks }: Pick<TargetPlan, "images" | "volumes"> & { readonly networks: readonly string[] },
): Operation[] {
  const done: Operation[] = [];
  const to = (operation: Operation["operation"], subject: string, isSo = true) => {
    if (isSo) done.push({ operation, subject });
  };
  for (const { image, action } of images) to("build", image, action === "build");
  for (const { image, action } of images) to("pull", image, action === "pull" || action === "unknown");
  const order = inOrder(release.services);
  const own = new Map(differences.map((difference) => [difference.service, difference]));
  const isStopped = new Set<string>();
  const stop = (names: readonly string[]) => {
    for (const name of order.toReversed()) {
      const { stopped = 0, restart = 0 } = own.get(name) ?? {};
      if (!names.includes(name) || isStopped.has(name)) continue;
      isStopped.add(name);
      to("stop", name, stopped + restart > 0);
    }
  };
  stop(
    differences.filter(({ reasons }) => reasons.some(({ reason }) => reason === "network changed")).map(({ service }) => service),
  );
  for (const network of networks) to("make", network);
  for (const { volume, change } of volumes) to("make", volume, change === "create");
  const gone = differences.filter(({ service }) => !release.services.has(service));
  for (const { service, ended, remove } of gone) removed(to, service, ended, remove);
  for (const name of order) {
    const each = own.get(name);
    if (!each) continue;
    removed(to, name, each.ended, each.remove);
    if (each.replace > 0 && !rulesOf(compose).replacesDependents)
      stop([...release.services].filter(([, { depends_on }]) => depends_on?.[name]?.restart).map(([other]) => other));
    to("create", name, each.replace + each.create > 0);
    to("stop", name, each.stopped > 0 && !isStopped.has(name));
    to("remove", name, each.replace > 0);
  }
  started(to, order, own, release);
  return [...done, { operation: "record", subject: "" }, { operation: "prune", subject: "" }];
}

type To = (operation: Operation["operation"], subject: string, isSo?: boolean) => void;

function removed(to: To, service: string, ended: number, remove: number): void {
  to("stop", service, ended > 0);
  to("remove", service, remove > 0);
}

/** Each one once those that it waits for are healthy or have ended; the runner waits for the others (runner/verify.sh). */
function started(to: To, order: readonly string[], own: ReadonlyMap<string, Difference>, release: Project): void {
  const awaited = new Set<string>();
  const begun = order.filter((name) => {
    const { create = 0, replace = 0, start = 0, restart = 0 } = own.get(name) ?? {};
    return create + replace + start + restart > 0;
  });
  for (const name of begun) {
    for (const [other, { condition }] of Object.entries(release.services.get(name)?.depends_on ?? {}).sort()) {
      if (condition === "service_started" || awaited.has(other) || !begun.includes(other)) continue;
      awaited.add(other);
      to("wait", other);
    }
    to("start", name);
  }
  for (const name of begun) to("wait", name, !awaited.has(name));
}
