/** Whether a server does what is planned: two generated releases are deployed to it, and its Docker says what happened. */
import { type Difference, differences } from "@berth/domain/plan/differences.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import { type Project, readResolved } from "@berth/domain/plan/resolved.ts";
import { operationLines } from "@berth/domain/plan/summary.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { deployOf, planned, runOn } from "./client.ts";
import { pageImage } from "./images.ts";
import type { Lab } from "./lab.ts";
import type { Pair, PairFile } from "./pairs.ts";
import type { Server } from "./server.ts";

export const pushPages = (lab: Lab) =>
  Promise.all(["1", "2"].map((version) => lab.registry.push(`library/page:${version}`, pageImage(version))));

export interface Compared {
  /** The operations, and what they come to: `web: 1 create, 1 start`, by service. */
  readonly planned: readonly string[];
  /** What the run has recorded as done, and what Docker's event log shows. */
  readonly happened: readonly string[];
  /** What has happened in an order that a plan does not have: `web is started before db`. */
  readonly disorder: readonly string[];
}

const project = "planned-production";

/** Deploys the one, then the other, and takes it down again. Undefined where the first one cannot be deployed, or none is different. */
export async function comparePair(server: Server, { old, now, meanwhile }: Pair): Promise<Compared | undefined> {
  try {
    if ((await runOn(server, releaseOf(1, old))).exit.code !== 0) return undefined;
    for (const [service, { command }] of Object.entries(old.services))
      if (Array.isArray(command) && command[0] === "true") await server.exec(`${containersOf(service)} | xargs -r docker wait`);
    for (const { service, what } of meanwhile) await server.exec(`${containersOf(service)} | xargs -r docker ${what}`);
    return await deployCompared(server, releaseOf(2, now));
  } finally {
    const ids = `--filter label=com.docker.compose.project=${project}`;
    await server.exec(
      `docker ps -aq ${ids} | xargs -r docker rm -fv >/dev/null; docker network ls -q ${ids} | xargs -r docker network rm >/dev/null; docker volume ls -q ${ids} | xargs -r docker volume rm >/dev/null; docker volume prune -f >/dev/null; rm -rf /var/lib/berth/apps/${project} /var/lib/berth/state/${project}`,
    );
  }
}

const containersOf = (service: string) =>
  `docker ps -aq --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=${service}`;

const releaseOf = (release: number, content: PairFile): RunInput => ({
  ...deployOf(release, "", { values: { project, settle_seconds: "0" } }),
  files: [
    { path: "compose.yaml", content: JSON.stringify(content) },
    { path: "conf/app.conf", content: "x\n" },
  ],
});

/** @throws Error when it cannot be deployed */
export async function deployCompared(server: Server, run: RunInput): Promise<Compared> {
  let report: Report | undefined;
  const since = await timeOn(server);
  const { exit } = await runOn(
    server,
    planned(run, (reported) => {
      report = reported;
    }),
  );
  if (exit.code !== 0 || !report) throw new Error(`${exit.class}: ${exit.message}`);
  const happened = await events(server, run.values.project ?? "", since);
  const done = exit.unchanged ? "" : await server.exec(`cat /var/lib/berth/runs/${run.job}/done`);
  return {
    planned: [...operationLines(planTarget(report).operations), ...byService(stepsOf(report))],
    happened: [...done.split("\n").filter(Boolean), ...byService(happened)],
    disorder: disorderIn(happened, readResolved(report.release)),
  };
}

/** What the differences come to, as Docker tells it. */
const stepsOf = (report: Report) =>
  differences(report, readResolved(report.release), report.live && readResolved(report.live)).flatMap((each) =>
    Object.entries(countsOf(each)).flatMap(([what, count]) => Array.from({ length: count }, () => `${what} ${each.service}`)),
  );

const countsOf = ({ create, replace, stopped, restart, start, remove, ended }: Difference) => ({
  create: create + replace,
  remove: replace + remove,
  start: create + replace + restart + start,
  stop: stopped + restart + ended,
});

const told: Readonly<Record<string, string>> = { create: "create", start: "start", stop: "stop", destroy: "remove" };

export const timeOn = async (server: Server) => (await server.exec("date +%s.%N")).trim();

/** What has happened to the project's containers since then, as `create web`. */
async function events(server: Server, project: string, since: string): Promise<string[]> {
  const format = '{{.Action}} {{index .Actor.Attributes "com.docker.compose.service"}}';
  const filters = `--filter type=container --filter label=com.docker.compose.project=${project}`;
  const out = await server.exec(`docker events --since ${since} --until $(date +%s.%N) ${filters} --format '${format}'`);
  return out.split("\n").flatMap((line) => {
    const [action = "", service] = line.split(" ");
    return told[action] ? [`${told[action]} ${service}`] : [];
  });
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
