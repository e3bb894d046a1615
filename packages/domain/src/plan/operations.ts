/** What happens on the server: the operations that its runner does (runner/operations.sh), one after the other. */
import type { Difference } from "./differences.ts";
import { imageActions } from "./images.ts";
import type { Making } from "./making.ts";
import type { Operation, TargetPlan } from "./plan.ts";
import type { Report } from "./report.ts";
import { hostsOf, inOrder, needed, type Project } from "./resolved.ts";

/** The services that each part is about. */
export interface Parts {
  readonly build: readonly string[];
  readonly carry: readonly string[];
  readonly reuse: readonly string[];
  readonly pull: readonly string[];
  readonly remove: readonly string[];
  readonly stop: readonly string[];
  readonly move: readonly string[];
  readonly up: readonly string[];
  readonly wait: readonly string[];
}

/** Whatever can fail without an interruption comes first: images, then files, then containers. */
export const deployment = ({ build, carry, reuse, ...parts }: Parts): Operation[] => [
  ...of("build", build),
  ...of("carry", carry),
  ...of("reuse", reuse),
  ...rollback(parts),
];

/** A release with recorded images is not built, and what is missing of it is pulled by its digest. */
export const rollback = ({ pull, remove, stop, move, up, wait }: Omit<Parts, "build" | "carry" | "reuse">): Operation[] => [
  ...of("pull", pull),
  whole("pin"),
  whole("place"),
  ...of("remove", remove),
  ...of("stop", stop),
  ...of("move", move),
  ...of("up", up),
  ...of("wait", wait),
  whole("record"),
  whole("prune"),
];

const whole = (operation: Operation["operation"]): Operation => ({ operation, services: [] });
const of = (operation: Operation["operation"], services: readonly string[]): Operation[] =>
  services.length > 0 ? [{ operation, services: [...services] }] : [];

/** What a plan is asked for besides the release. */
export interface Asked {
  readonly making?: Making | undefined;
  /** Add-ons whose data goes into another volume. */
  readonly moves?: readonly string[] | undefined;
}

/** Services that run on as they are are in no operation but the wait: the release is healthy when all of it is. */
export function operations(
  report: Report,
  release: Project,
  differences: readonly Difference[],
  { volumes, networks }: Pick<TargetPlan, "volumes" | "networks">,
  { making = "build", moves = [] }: Asked = {},
): Operation[] {
  const order = inOrder(release.services);
  const actions = imageActions(report, release, making);
  const by = (...wanted: readonly string[]) => order.filter((name) => wanted.includes(actions.get(name) ?? ""));
  const touched = new Set([
    ...differences.filter(isTouched).map(({ service }) => service),
    ...volumes.flatMap(({ change, services }) => (change === "create" ? services : [])),
    ...[...release.services].filter(([, service]) => isOn(service, release, networks)).map(([name]) => name),
  ]);
  // Which image it gets is known once it is pulled: Compose then replaces it, and what goes with it, or leaves it.
  const open = new Set(by("unknown"));
  for (const name of order) if (needed(release.services.get(name)!).some((other) => open.has(other))) open.add(name); // the order is made of them
  const stop = order.filter(
    (name) => !moves.includes(name) && runs(report, name) && moves.some((moved) => meets(release, name, moved)),
  );
  for (const name of stop) touched.add(name);
  const parts = {
    stop,
    move: order.filter((name) => moves.includes(name)),
    remove: differences.filter(({ service }) => !release.services.has(service)).map(({ service }) => service),
    up: [...release.providers.keys(), ...order.filter((name) => touched.has(name) || open.has(name))], // what a program runs, only that can tell
    wait: order,
  };
  if (report.isRecorded) return rollback({ ...parts, pull: by("pull", making, "unknown") });
  return deployment({ ...parts, build: by("build"), carry: by("carry"), reuse: by("reuse"), pull: by("pull", "unknown") });
}

const runs = ({ containers }: Report, name: string) =>
  containers.some(({ service, state }) => service === name && ["running", "restarting", "paused"].includes(state));

/** Whether one service reaches another. */
function meets({ services }: Project, name: string, other: string): boolean {
  const [one, two] = [services.get(name), services.get(other)];
  const through = one ? hostsOf(one).some((host) => host !== name && meets({ services } as Project, host, other)) : false;
  return through || Object.keys(one?.networks ?? {}).some((network) => network in (two?.networks ?? {}));
}

const isTouched = ({ create, replace, restart, start, remove }: Difference) => create + replace + restart + start + remove > 0;

const isOn = ({ networks }: { readonly networks?: object | null | undefined }, release: Project, names: readonly string[]) =>
  Object.keys(networks ?? {}).some((key) => names.includes(release.networks.get(key)?.name ?? ""));
