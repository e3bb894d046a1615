/** Generated pairs of releases that real Compose takes: the second one is the first with a few changes. */
import * as fc from "fast-check";

type Service = Readonly<Record<string, unknown>>;
export type PairFile = Readonly<Record<string, unknown>> & { readonly services: Readonly<Record<string, Service>> };

export interface Pair {
  readonly old: PairFile;
  readonly now: PairFile;
  /** What happens to a service's container in between. */
  readonly meanwhile: readonly { readonly service: string; readonly what: "stop" | "rm -f" | "kill" | "pause" }[];
}

const parts: Readonly<Record<string, readonly unknown[]>> = {
  command: [["sleep", "1000000"], "httpd -f -p 80 -h /www"],
  environment: [{ A: "1" }, { A: "2", B: "x" }, ["B=x", "A=2"]],
  labels: [{ a: "b" }, { a: "c" }],
  ports: [["80"], ["127.0.0.1::80"], ["20000-20400:80"]],
  volumes: [["data:/data"], ["./conf:/conf:ro"], ["/anonymous"], ["data:/data:ro", "other:/other"]],
  tmpfs: ["/run"],
  networks: [["default"], ["back"], ["default", "back"]],
  healthcheck: [
    { test: ["CMD", "true"], interval: "1s" },
    { test: "true", interval: "2s" },
  ],
  deploy: [{ replicas: 2 }, { replicas: 1 }, { replicas: 0 }],
  scale: [2, 1, 3],
  profiles: [["debug"]],
  stop_grace_period: ["1s", "2s"],
  hostname: ["a"],
  "x-note": ["a", "b"],
  configs: [["app"]],
  init: [true],
  pull_policy: ["missing"],
  network_mode: ["service:db", "none"],
  volumes_from: [["db"]],
};

const part = fc
  .constantFrom(...Object.keys(parts))
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...parts[name]!))); // one of its keys
const names = ["db", "cache", "web", "worker"];
const conditions = fc.constantFrom("service_started", "service_started", "service_healthy", "service_completed_successfully");

const depends = (earlier: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...earlier), fc.record({ condition: conditions, restart: fc.boolean() }), {
    maxKeys: 2,
    minKeys: 1,
  });

const service = (index: number): fc.Arbitrary<Service> =>
  fc
    .tuple(
      fc.constantFrom("page:1", "page:2"),
      fc.array(part, { maxLength: 3 }),
      index > 0 ? fc.option(depends(names.slice(0, index))) : fc.constant(null),
    )
    .map(([image, parts, depends_on]) => ({
      image,
      stop_grace_period: "1s",
      ...Object.fromEntries(parts),
      ...(depends_on && { depends_on: { ...depends_on } }),
    }));

const named = fc.record({
  networks: fc.constantFrom<unknown>({ back: {} }, { back: {} }, { back: { labels: { a: "b" } } }, { back: { name: "another" } }),
  volumes: fc.constantFrom<unknown>(
    { data: {}, other: {} },
    { data: {}, other: {} },
    { data: { name: "elsewhere" }, other: {} },
    { data: { labels: { a: "b" } }, other: {} },
  ),
});

/** Makes of any services what Compose takes. */
function valid(services: readonly (Service | null)[]): Record<string, Service> {
  const there = names.filter((_, i) => services[i]);
  const active = there.filter((name) => !services[names.indexOf(name)]?.profiles);
  const found: Record<string, Service> = {};
  for (const name of there) {
    const { scale, deploy, volumes_from, network_mode, depends_on, ...rest } = services[names.indexOf(name)]!; // it is there
    const { ports, networks, hostname, ...lone } = rest;
    const isHosted = network_mode === "none" || (network_mode === "service:db" && isShared(found.db));
    const hosts = volumes_from && name !== "db" && isShared(found.db) ? { volumes_from } : {};
    const needs = Object.entries((depends_on ?? {}) as Record<string, { condition: string; restart: boolean }>).filter(
      ([other]) => active.includes(other) && found[other] && isShared(found[other]),
    );
    const scaled = deploy ? { deploy } : scale ? { scale } : {};
    found[name] = {
      ...(isHosted && name !== "db" ? { ...lone, network_mode, command: ["sleep", "1000000"] } : rest), // both on port 80 would not go
      ...(name === "db" ? {} : scaled),
      ...hosts,
      ...(needs.length > 0 && { depends_on: Object.fromEntries(needs) }),
    };
  }
  // What others wait for has to become healthy, or to end.
  for (const each of Object.values(found))
    for (const [other, { condition }] of Object.entries((each.depends_on ?? {}) as Record<string, { condition: string }>)) {
      const { healthcheck = { test: ["CMD", "true"], interval: "1s" }, ...target } = found[other]!; // filtered above
      if (condition === "service_healthy" && !target.isJob) found[other] = { ...target, healthcheck };
      else if (condition === "service_completed_successfully" && !healthcheckOf(found[other]!) && !isHost(other, found))
        found[other] = { ...target, command: ["true"], isJob: true };
    }
  return Object.fromEntries(
    Object.entries(found).map(([name, { isJob: _, ...each }]) => [
      name,
      { ...each, ...(each.depends_on ? { depends_on: settled(each.depends_on, found) } : {}) },
    ]),
  );
}

const isShared = (service: Service | undefined) =>
  service !== undefined && !service.profiles && (service.deploy as { replicas?: number } | undefined)?.replicas !== 0;
/** Whose network another one is in, so that it has to run. */
const isHost = (name: string, found: Readonly<Record<string, Service>>) =>
  Object.values(found).some(({ network_mode }) => network_mode === `service:${name}`);
const healthcheckOf = ({ healthcheck }: Service) => healthcheck !== undefined;

/** A condition that its service can meet. */
const settled = (depends: unknown, found: Readonly<Record<string, Service>>) =>
  Object.fromEntries(
    Object.entries(depends as Record<string, { condition: string; restart: boolean }>).map(([other, { condition, restart }]) => {
      const target = found[other]!; // it depends only on what is there
      const isMet =
        condition === "service_healthy"
          ? !target.isJob && healthcheckOf(target)
          : condition === "service_started" || target.isJob;
      return [other, { condition: isMet ? condition : "service_started", restart }];
    }),
  );

const services = fc
  .tuple(...names.map((_, i) => fc.option(service(i), { freq: 6 })))
  .map((all) =>
    all.some((each) => each && !each.profiles) ? all : [{ image: "page:1", stop_grace_period: "1s" }, ...all.slice(1)],
  );

const meanwhile = fc.array(fc.record({ service: fc.constantFrom(...names), what: fc.constantFrom("stop", "rm -f", "kill") }), {
  maxLength: 1,
}) as fc.Arbitrary<Pair["meanwhile"]>;

/** The second release has each service as it was, with another part, without one, without it, or another one. */
export const pairs: fc.Arbitrary<Pair> = services.chain((old) =>
  fc
    .tuple(
      fc.tuple(
        ...old.map((before, i) =>
          fc.oneof(
            { weight: 4, arbitrary: fc.constant(before) },
            { weight: 4, arbitrary: part.map(([name, value]) => (before ? { ...before, [name]: value } : before)) },
            {
              weight: 1,
              arbitrary: fc.constant(before && { ...before, image: before.image === "page:1" ? "page:2" : "page:1" }),
            },
            { weight: 1, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: service(i) },
          ),
        ),
      ),
      named,
      fc.option(named, { freq: 2 }),
      meanwhile,
    )
    .map(([now, first, second, meanwhile]) => ({
      old: file(old, first),
      now: file(now.some((each) => each && !("profiles" in each && each.profiles)) ? now : old, second ?? first),
      meanwhile,
    })),
);

const file = (services: readonly (Service | null)[], more: object): PairFile => ({
  services: valid(services),
  ...more,
  configs: { app: { file: "./conf/app.conf" } },
});
