/** Whether a server does what is planned: two generated releases are started there by its own Compose, and its Docker says what happened. */
import { type Difference, differences } from "@berth/domain/plan/differences.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report, Resolved } from "@berth/domain/plan/report.ts";
import { type Project, readResolved } from "@berth/domain/plan/resolved.ts";
import { pageImage } from "./images.ts";
import type { Lab } from "./lab.ts";
import type { Pair, PairFile } from "./pairs.ts";
import type { Server } from "./server.ts";

export const pushPages = (lab: Lab) =>
  Promise.all(["1", "2"].map((version) => lab.registry.push(`library/page:${version}`, pageImage(version))));

export interface Compared {
  /** `web: 1 create, 1 start`, by service. */
  readonly planned: readonly string[];
  readonly happened: readonly string[];
  /** What is planned, or has happened, in an order that a plan does not have: `web is started before db`. */
  readonly disorder: readonly string[];
}

const project = "planned";
const root = "/srv/planned";

/** Starts the one, then the other, and takes it down again. Undefined where Compose does not take the first one. */
export async function comparePair(server: Server, { old, now, meanwhile }: Pair): Promise<Compared | undefined> {
  const write = (release: number, content: PairFile) =>
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
    for (const [service, { command }] of Object.entries(old.services))
      if (Array.isArray(command) && command[0] === "true") await server.exec(`${containersOf(service)} | xargs -r docker wait`);
    for (const { service, what } of meanwhile) await server.exec(`${containersOf(service)} | xargs -r docker ${what}`);
    const report = await reportOf(server, before, { ...after, pinned: new Map() }, images);
    const since = await timeOn(server);
    await up(server, 2);
    return compared(report, await events(server, project, since));
  } finally {
    const ids = `--filter label=com.docker.compose.project=${project}`;
    await server.exec(
      `docker ps -aq ${ids} | xargs -r docker rm -fv >/dev/null; docker network ls -q ${ids} | xargs -r docker network rm >/dev/null; docker volume ls -q ${ids} | xargs -r docker volume rm >/dev/null; docker volume prune -f >/dev/null`,
    );
  }
}

const containersOf = (service: string) =>
  `docker ps -aq --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=${service}`;

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
    isLive: false,
    isSource: false,
    containers: containers.map((line) => {
      const [service = "", name = "", state = "", image = ""] = line.split("|");
      return { service, name: name.slice(1), state, image, health: "" };
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

export const timeOn = async (server: Server) => (await server.exec("date +%s.%N")).trim();

/** What has happened to the project's containers since then, as `create web`. */
export async function events(server: Server, project: string, since: string): Promise<string[]> {
  const format = '{{.Action}} {{index .Actor.Attributes "com.docker.compose.service"}}';
  const filters = `--filter type=container --filter label=com.docker.compose.project=${project}`;
  const out = await server.exec(`docker events --since ${since} --until $(date +%s.%N) ${filters} --format '${format}'`);
  return out.split("\n").flatMap((line) => {
    const [action = "", service] = line.split(" ");
    return told[action] ? [`${told[action]} ${service}`] : [];
  });
}

export function compared(report: Report, happened: readonly string[]): Compared {
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
  const disorder = [planned, happened].flatMap((steps) => disorderIn(steps, readResolved(report.release)));
  return { planned: byService(planned), happened: byService(happened), disorder };
}

/** Compose does at once what does not depend on each other. */
function disorderIn(steps: readonly string[], { services }: Project): string[] {
  const started = steps.findIndex((step) => step.startsWith("start "));
  const late = started === -1 ? [] : steps.slice(started).filter((step) => !step.startsWith("start "));
  const early = [...services].flatMap(([name, { depends_on }]) =>
    Object.keys(depends_on ?? {})
      .filter((other) => steps.includes(`start ${name}`) && steps.indexOf(`start ${other}`) > steps.indexOf(`start ${name}`))
      .map((other) => `${name} is started before ${other}`),
  );
  return [...late.map((step) => `${step} comes after the first start`), ...early];
}

/** Containers of a service are handled at once, so of each only how many got what counts. */
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
