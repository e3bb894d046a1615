/** Whether a server does what is planned: two generated releases are started there by its own Compose, and its Docker says what happened. */
import { type Difference, differences } from "@berth/domain/plan/differences.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report, Resolved } from "@berth/domain/plan/report.ts";
import { readResolved } from "@berth/domain/plan/resolved.ts";
import * as fc from "fast-check";
import { pageImage } from "./images.ts";
import type { Lab } from "./lab.ts";
import type { Server } from "./server.ts";

export const pushPages = (lab: Lab) =>
  Promise.all(["1", "2"].map((version) => lab.registry.push(`library/page:${version}`, pageImage(version))));

type Service = Readonly<Record<string, unknown>>;
type File = Readonly<Record<string, unknown>> & { readonly services: Readonly<Record<string, Service>> };

export interface Pair {
  readonly old: File;
  readonly now: File;
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
      ...(isHosted && name !== "db" ? { ...lone, network_mode } : rest),
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
      else if (condition === "service_completed_successfully" && !healthcheckOf(found[other]!))
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
  .map((all) => (all.some((each) => each && !each.profiles) ? all : [{ image: "page:1" }, ...all.slice(1)]));

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

const file = (services: readonly (Service | null)[], more: object): File => ({
  services: valid(services),
  ...more,
  configs: { app: { file: "./conf/app.conf" } },
});

export interface Compared {
  /** `create web`, in the order in which each service's came. */
  readonly planned: readonly string[];
  readonly happened: readonly string[];
}

const project = "planned";
const root = "/srv/planned";

/** Starts the one, then the other, and takes it down again. Undefined where Compose does not take the first one. */
export async function comparePair(server: Server, { old, now, meanwhile }: Pair): Promise<Compared | undefined> {
  const write = (release: number, content: File) =>
    `mkdir -p ${root}/${release}/conf && echo x >${root}/${release}/conf/app.conf && cat >${root}/${release}/compose.yaml <<'END'\n${JSON.stringify(content)}\nEND`;
  await server.exec(`rm -rf ${root} && ${write(1, old)}\n${write(2, now)}\ncp -r ${root}/1 ${root}/app`);
  try {
    const images = await imageIds(server);
    const before = await resolve(server, 1, images);
    const after = await resolve(server, 2, images);
    if (!before || !after) return undefined;
    await pin(server, 1, before);
    await pin(server, 2, after);
    await up(server, 1);
    for (const { service, what } of meanwhile)
      await server.exec(
        `docker ps -aq --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=${service} | xargs -r docker ${what}`,
      );
    const report = await reportOf(server, before, { ...after, pinned: new Map() }, images);
    const since = (await server.exec("date +%s.%N")).trim();
    await up(server, 2);
    const until = (await server.exec("sleep 0.2; date +%s.%N")).trim();
    return compared(report, await events(server, since, until));
  } finally {
    const ids = `--filter label=com.docker.compose.project=${project}`;
    await server.exec(
      `docker ps -aq ${ids} | xargs -r docker rm -fv >/dev/null; docker network ls -q ${ids} | xargs -r docker network rm >/dev/null; docker volume ls -q ${ids} | xargs -r docker volume rm >/dev/null; docker volume prune -f >/dev/null`,
    );
  }
}

const compose = (folder: string, release: number, args: string) =>
  `docker compose --project-name ${project} --project-directory ${folder} -f ${root}/${release}/compose.yaml ${args}`;

async function imageIds(server: Server): Promise<ReadonlyMap<string, string>> {
  const out = await server.exec(
    `for v in 1 2; do docker image inspect page:$v >/dev/null 2>&1 || docker pull -q page:$v >/dev/null; docker image inspect --format "page:$v {{.Id}}" page:$v; done`,
  );
  return new Map(
    out
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}

async function resolve(server: Server, release: number, images: ReadonlyMap<string, string>): Promise<Resolved | undefined> {
  const folder = `${root}/${release}`;
  const config = await server.exec(`${compose(folder, release, "config --format json")} 2>/dev/null`).catch(() => undefined);
  if (config === undefined) return undefined;
  const file = JSON.parse(config) as { services: Record<string, { image: string; configs?: unknown }> };
  const all = (await server.exec(compose(folder, release, "--profile '*' config --services"))).trim().split("\n");
  const own = Object.entries(file.services);
  return {
    folder,
    file,
    files: new Map(own.flatMap(([name, { configs }]) => (configs ? [[name, "one"] as const] : []))),
    pinned: new Map(own.map(([name, { image }]) => [name, images.get(image)!])), // both images are there
    inactive: new Set(all.filter((name) => !Object.hasOwn(file.services, name))),
  };
}

/** As runner/pins.sh does. */
const pin = (server: Server, release: number, { pinned, files }: Resolved) => {
  const services = [...pinned].map(([name, image]) => {
    const mark = files.get(name);
    return [name, { image, labels: { "berth.app": "ten_1/app_1", ...(mark && { "berth.files": mark }) } }];
  });
  return server.exec(
    `cat >${root}/${release}/pinned.yaml <<'END'\n${JSON.stringify({ services: Object.fromEntries(services) })}\nEND`,
  );
};

const up = (server: Server, release: number) =>
  server.exec(
    compose(
      `${root}/app`,
      release,
      `-f ${root}/${release}/pinned.yaml up --detach --remove-orphans --no-build --pull never </dev/null`,
    ),
  );

async function reportOf(server: Server, live: Resolved, release: Resolved, images: ReadonlyMap<string, string>): Promise<Report> {
  const lines = async (command: string) => (await server.exec(command)).split("\n").filter(Boolean);
  const format = '{{index .Config.Labels "com.docker.compose.service"}}|{{.Name}}|{{.State.Status}}|{{.Image}}';
  const containers = await lines(
    `docker ps -aq --no-trunc --filter label=com.docker.compose.project=${project} | xargs -r docker inspect --format '${format}'`,
  );
  return {
    compose: (await server.exec("docker compose version --short")).trim(),
    architecture: "amd64",
    imagesByConfig: true,
    release,
    live,
    containers: containers.map((line) => {
      const [service = "", name = "", state = "", image = ""] = line.split("|");
      return { service, name: name.slice(1), state, image };
    }),
    images: new Map([...images].map(([name, id]) => [name, { id, platform: "linux/amd64", bytes: 1, digests: [] }])),
    registry: new Map([...images].map(([name, id]) => [name, { id, digest: null, bytes: 1 }])),
    volumes: new Set(await lines("docker volume ls --format '{{.Name}}'")),
    networks: new Set(await lines("docker network ls --format '{{.Name}}'")),
    diskFreeMb: 1000,
    memoryFreeMb: 1000,
  };
}

const told: Readonly<Record<string, string>> = { create: "create", start: "start", stop: "stop", destroy: "remove" };

async function events(server: Server, since: string, until: string): Promise<string[]> {
  const format = '{{.Action}} {{index .Actor.Attributes "com.docker.compose.service"}}';
  const filters = `--filter type=container --filter label=com.docker.compose.project=${project}`;
  const out = await server.exec(`docker events --since ${since} --until ${until} ${filters} --format '${format}'`);
  return out.split("\n").flatMap((line) => {
    const [action = "", service] = line.split(" ");
    return told[action] ? [`${told[action]} ${service}`] : [];
  });
}

function compared(report: Report, happened: readonly string[]): Compared {
  const steps = planTarget(report).operations.filter(({ operation }) =>
    ["create", "start", "stop", "remove"].includes(operation),
  );
  const counts = new Map(
    differences(report, readResolved(report.release), report.live && readResolved(report.live)).map((each) => [
      each.service,
      each,
    ]),
  );
  const planned = steps.flatMap(
    ({ operation, subject }) =>
      Array.from({ length: countOf(counts.get(subject)!, operation, steps, subject) }, () => `${operation} ${subject}`), // each subject is a service
  );
  return { planned: byService(planned), happened: byService(happened) };
}

/** Containers of a service are handled at once, so of each only how many got what counts, and what came first. */
function byService(steps: readonly string[]): string[] {
  const found = new Map<string, Map<string, number>>();
  for (const step of steps) {
    const [operation = "", service = ""] = step.split(" ");
    const own = found.get(service) ?? new Map<string, number>();
    own.set(operation, (own.get(operation) ?? 0) + 1);
    found.set(service, own);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([service, own]) =>
        `${service}: ${[...own]
          .map(([operation, count]) => `${count} ${operation}`)
          .sort()
          .join(", ")}`,
    );
}

function countOf(
  each: Difference,
  operation: string,
  steps: readonly { operation: string; subject: string }[],
  subject: string,
): number {
  const { create, replace, stopped, restart, start, remove, ended } = each;
  const total = {
    create: create + replace,
    remove: replace + remove,
    start: create + replace + restart + start,
    stop: stopped + restart + ended,
  }[operation]!; // one of the four
  // An operation that is there twice, like the stop of what is replaced and what is removed, shares its number.
  const times = steps.filter((step) => step.operation === operation && step.subject === subject).length;
  const first = steps.findIndex((step) => step.operation === operation && step.subject === subject);
  return times > 1 && steps[first] ? total / times : total;
}
