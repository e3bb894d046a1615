import type { ExitClass } from "@berth/domain/remote/remote.ts";
import { composeOf } from "./reporting.ts";
import type { Project, Run, Server, Watch } from "./server.ts";
import { builtImage, failsToBuild, isBuilt } from "./sources.ts";
import type { Stage } from "./stage.ts";

const MINUTE = 60_000;
const LIMIT = 30 * MINUTE;

type Step = (server: Server, run: Run, name: string, milliseconds: number, limit: number, then: () => void) => void;
type Fail = (server: Server, run: Run, name: string, kind: ExitClass, message: string) => void;

const namesOf = ({ input }: Run) => (input.archives?.list ?? []).map(({ hash }) => hash);
const mountedOf = ({ input }: Run) => (input.archives?.mounted ?? []).map(({ hash }) => hash);
const linesOf = (names: readonly string[]) => names.map((name) => `${name}\n`).join("");

/** How the runner builds what a release is made from, and what it keeps of that. */
export function createBuilding({ chance, swarm }: Stage, watch: Watch, step: Step, fail: Fail) {
  /** Whether the images are recorded: here, or of what is gone back to. */
  const isKnown = ({ input, image }: Run, { healthy }: Project) =>
    healthy.has(Number(input.values.release)) || image !== undefined || input.values.pull === "missing";

  /** The image that it has, if it is built. Nothing that runs is touched. */
  function build(server: Server, run: Run, project: Project, known: boolean, then: (image: string | undefined) => void): void {
    const compose = composeOf(run.input);
    if (known || !isBuilt(compose)) {
      then(undefined);
      return;
    }
    if (run.plan.includes("reuse web") && project.current !== undefined) {
      then(project.healthy.get(project.current));
      return;
    }
    if (run.carried !== undefined) {
      then(run.carried);
      return;
    }
    step(server, run, "build", lasts(), LIMIT, () => {
      const contents = namesOf(run).map((hash) => server.archives.get(hash) ?? "");
      if (failsToBuild(contents)) return fail(server, run, "build", "build.failed", "RUN false: exit code 1");
      watch.built(server, run);
      then(builtImage(contents));
    });
  }

  /** Some last longer than a lease, than a worker attends to one, or than they may. */
  function lasts(): number {
    if (chance.hit(0.7)) return chance.between(500, 20_000);
    if (swarm.isQuiet() || chance.hit(0.8)) return chance.between(20_000, 100_000);
    return chance.hit(0.7) ? chance.between(2 * MINUTE, 9 * MINUTE) : chance.between(9 * MINUTE, 33 * MINUTE);
  }

  /** Drops what neither a live release nor a run that may begin again is made from. */
  function prune(server: Server): void {
    const kept = [
      ...[...server.projects.values()].map(({ source, mounted }) => source + mounted),
      ...[...server.runs.values()].filter(({ exit }) => !exit).map((each) => linesOf([...namesOf(each), ...mountedOf(each)])),
    ].join("");
    for (const hash of server.archives.keys()) {
      if (kept.includes(hash)) continue;
      server.archives.delete(hash);
      watch.dropped(server, hash);
    }
  }

  /** What the live release is made from is kept. */
  function keepSource(server: Server, run: Run): void {
    const own = server.projects.get(run.input.values.project ?? "");
    const source = linesOf(namesOf(run)) || (run.input.values.archives ?? "");
    if (own) Object.assign(own, { source, mounted: linesOf(mountedOf(run)) });
  }

  return { build, isKnown, keepSource, prune };
}
