import type { Exit, ExitClass, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { createAsking, type Front, verdict } from "./asking.ts";
import { createBuilding } from "./building.ts";
import { moveData } from "./moving.ts";
import { addedOf, composeOf } from "./reporting.ts";
import { createRun, type Project, type Run, type Server, type Watch } from "./server.ts";
import { isBuilt } from "./sources.ts";
import type { Stage } from "./stage.ts";
import { createTrouble } from "./trouble.ts";

/** What a release does on a server, told by its Compose file. */
const is = (run: Run, what: "unhealthy" | "missing") =>
  run.input.files.some(({ path, content }) => path === "compose.yaml" && String(content).includes(`web-${what}:`));

interface Started {
  readonly plan?: readonly string[] | undefined;
  readonly carried?: string | undefined;
}

/** The runner, as it is: the half that talks to the caller, and runs that go through their steps in virtual time. */
export function createRunner(stage: Stage, watch: Watch) {
  const { chance, clock, swarm, tell } = stage;
  const { trouble, reboot } = createTrouble(stage, soon);
  const { build, isKnown, keepSource, prune } = createBuilding(stage, watch, step, fail);
  let pulled = 0;

  /** A tag means another image each time it is asked for; a digest, which only a return is told, always the same. */
  const imageOf = ({ pull, pins }: RunInput["values"]) =>
    pull === "missing"
      ? /(?:@|^web\t)(sha256:[0-9a-f]{64})/m.exec(pins ?? "")?.[1]
      : `sha256:${String(++pulled).padStart(64, "0")}`;

  function front(server: Server, input: RunInput): Front {
    const { job, fence, op, values } = input;
    const name = op === "cancel" ? (values.run ?? job) : job;
    const resource = values.resource ?? "server";
    const stored = server.fences.get(resource) ?? 0;
    if (fence < stored) return { answer: verdict(76, "fence", `A caller with the higher fence ${stored} has been here`) };
    watch.accepted(server, resource, fence);
    server.fences.set(resource, fence);
    const before = server.runs.get(name);
    const begins = op === "deploy" && !before?.alive && !before?.exit && !(before?.pid && fence <= before.fence);
    const asks = values.ask !== undefined && !before?.pid;
    if (begins && (asks || input.archives)) return ask(server, name, input, asks);
    const busy = op === "cancel" ? cancel(server, name, fence) : begin(server, name, input);
    if (busy) return { answer: busy };
    const run = server.runs.get(name);
    return run ? { follow: run } : { answer: verdict(75, "interrupted", "The server went away in the middle of the run") };
  }

  function begin(server: Server, job: string, input: RunInput, plan?: readonly string[], carried?: string): Exit | undefined {
    const run = server.runs.get(job);
    if (run && (run.alive || run.exit)) return undefined;
    if (run?.pid && input.fence <= run.fence) return undefined;
    return start(server, job, input, input.fence, { plan, carried });
  }

  function cancel(server: Server, job: string, fence: number): Exit | undefined {
    const run = server.runs.get(job);
    if (run?.alive) {
      run.canceled = true;
      if (run.pid) run.child?.();
      return undefined;
    }
    if (run?.exit) return undefined;
    if (!run?.pid) {
      server.runs.set(job, { ...createRun(job), exit: verdict(1, "canceled", "Canceled before it began") });
      return undefined;
    }
    run.canceled = true;
    return start(server, job, run.input, fence);
  }

  function start(server: Server, job: string, input: RunInput, fence: number, agreed: Started = {}): Exit | undefined {
    if (server.asking) return verdict(75, "busy", `The run ${server.asking.job} is asked about`, { holder: server.asking.job });
    if (server.mutation)
      return verdict(75, "busy", `The run ${server.mutation.job} is going on`, { holder: server.mutation.job });
    const run = server.runs.get(job) ?? createRun(job, input);
    server.runs.set(job, run);
    const before = run.pid;
    Object.assign(run, { input, fence, alive: true, pid: false, concluded: false, child: undefined, life: run.life + 1 });
    if (agreed.plan) run.plan = agreed.plan;
    if (agreed.carried) run.carried = agreed.carried;
    server.mutation = run;
    tell(server.host, `runs ${job} with the fence ${fence}`);
    watch.began(server, run, before);
    trouble(server, run);
    soon(run, chance.between(20, 80), () => {
      run.pid = true;
      if (run.input.op !== "deploy") remove(server, run);
      else if (run.recorded) record(server, run);
      else deploy(server, run);
    });
    return undefined;
  }

  /** Happens unless the run has died by then. */
  function soon(run: Run, milliseconds: number, act: () => void): void {
    const { life } = run;
    clock.after(milliseconds, () => {
      if (run.alive && run.life === life) act();
    });
  }

  function emit(run: Run, type: RunEvent["type"], step: string, text = ""): void {
    run.events.push({ seq: run.events.length + 1, at: new Date(clock.now()).toISOString(), type, step, ...(text && { text }) });
    for (const follower of run.followers) follower();
  }

  /** A step whose command takes its time; a TERM ends the command, and then the run. */
  function step(
    server: Server,
    run: Run,
    name: string,
    milliseconds: number,
    limit: number,
    then: () => void,
    deaf = false,
  ): void {
    if (run.canceled) {
      fail(server, run, name, "canceled", "Canceled");
      return;
    }
    emit(run, "step", name);
    const hung = Math.max(0, server.hungUntil - clock.now());
    const slow = swarm.strike("server slow") ? chance.between(2, 60) : 1;
    const total = milliseconds * slow + hung;
    let over = false;
    const end = (how: "done" | "stopped") => {
      if (over) return;
      over = true;
      run.child = undefined;
      if (how === "stopped") return fail(server, run, name, "canceled", "Canceled");
      if (total > limit) return fail(server, run, name, "timeout", `The step ${name} took too long`);
      then();
    };
    if (!deaf) run.child = () => soon(run, chance.between(5, 500), () => end("stopped"));
    soon(run, Math.min(total, limit), () => end("done"));
  }

  function deploy(server: Server, run: Run): void {
    const { values } = run.input;
    const name = values.project ?? "";
    const release = Number(values.release);
    step(server, run, "preflight", chance.between(200, 1500), 30_000, () => {
      if (server.fullUntil > clock.now())
        return fail(server, run, "preflight", "disk.full", "10 MB are free and 200 MB are needed");
      const owner = values.app_id ?? "";
      const project: Project = server.projects.get(name) ?? {
        owner,
        current: undefined,
        serves: undefined,
        image: undefined,
        healthy: new Map(),
        composes: new Map(),
        added: new Map(),
        data: new Map(),
        source: "",
        mounted: "",
        stopped: false,
      };
      if (project.owner !== values.app_id) return fail(server, run, "preflight", "conflict", "The folder belongs to another app");
      server.projects.set(name, project);
      if (run.previous === undefined) run.previous = project.current ?? null;
      const known = isKnown(run, project);
      build(server, run, project, known, (built) =>
        step(server, run, "pull", chance.hit(0.1) ? chance.between(40_000, 90_000) : chance.between(500, 20_000), 600_000, () => {
          if (values.pull === "always" && swarm.strike("registry down"))
            return fail(server, run, "pull", "registry.unavailable", "503 Service Unavailable");
          if (is(run, "missing")) return fail(server, run, "pull", "image.not_found", "manifest unknown");
          run.image = project.healthy.get(release) ?? run.image ?? built ?? imageOf(values);
          if (run.image === undefined) return fail(server, run, "pull", "image.gone", "No image of the release is known here");
          watch.changes(server, run);
          run.changed = true;
          project.serves = release;
          project.image = run.image;
          project.stopped = false;
          project.composes.set(release, composeOf(run.input));
          project.added.set(release, addedOf(run.input));
          moveData(stage, run, project);
          emit(run, "log", "start", `connecting with ${secretOf(run)}`);
          step(server, run, "start", chance.between(300, 5000), 120_000, () =>
            step(server, run, "verify", chance.between(1000, 20_000), 120_000, () => {
              if (is(run, "unhealthy")) return fail(server, run, "verify", "unhealthy", `web is not healthy: ${secretOf(run)}`);
              if (run.canceled) return fail(server, run, "record", "canceled", "Canceled");
              emit(run, "step", "record");
              const before = project.current;
              project.current = release;
              project.healthy.set(release, run.image ?? "");
              watch.took(server, run);
              watch.served(server, run, project, before);
              for (const { volume } of addedOf(run.input).values()) project.data.set(volume, (project.data.get(volume) ?? 0) + 1);
              run.recorded = true;
              record(server, run);
            }),
          );
        }),
      );
    });
  }

  /** What is left once the release is recorded; a run that is started again after that has only this to do. */
  function record(server: Server, run: Run): void {
    run.child = undefined;
    emit(run, "step", "prune");
    keepSource(server, run);
    prune(server);
    soon(run, chance.hit(0.1) ? chance.between(1000, 20_000) : chance.between(10, 300), () =>
      conclude(server, run, {
        ...verdict(0, "internal", "", {
          "image.web": `${run.image} ${isBuilt(composeOf(run.input)) ? "-" : `registry.test/web@${run.image}`}`,
        }),
        step: "prune",
        changed: true,
      }),
    );
  }

  const secretOf = (run: Run) =>
    /'(s3cr3t[^']*)'/.exec(String(run.input.files.find(({ path }) => path === ".env")?.content ?? ""))?.[1] ?? "";

  function remove(server: Server, run: Run): void {
    const name = run.input.values.project ?? "";
    if (run.removing) run.canceled = false;
    if (!run.canceled) {
      run.removing = true;
      const project = server.projects.get(name);
      if (project) project.serves = undefined;
    }
    // Once it has begun it goes on to its end, whatever it is told: half a removal is no state to stay in.
    step(
      server,
      run,
      "remove",
      chance.between(500, 8000),
      300_000,
      () => {
        server.projects.delete(name);
        prune(server);
        watch.took(server, run);
        conclude(server, run, { ...verdict(0, "internal", ""), step: "remove" });
      },
      true,
    );
  }

  /** What was changed is put back: the release before serves again, a first one is taken down. */
  function fail(server: Server, run: Run, name: string, kind: ExitClass, message: string): void {
    if (run.concluded) return;
    run.concluded = true;
    run.child = undefined;
    emit(run, "log", name, message);
    const exit = { ...verdict(1, kind, message), step: name, log: [`last words with ${secretOf(run)}`] };
    if (!run.changed) {
      prune(server);
      conclude(server, run, exit);
      return;
    }
    const project = server.projects.get(run.input.values.project ?? "");
    emit(run, "step", "restore");
    soon(run, chance.between(500, 6000), () => {
      if (project) {
        project.serves = run.previous ?? undefined;
        project.image = run.previous ? project.healthy.get(run.previous) : undefined;
      }
      conclude(server, run, { ...exit, changed: true, rolledBack: typeof run.previous === "number" });
    });
  }

  function conclude(server: Server, run: Run, exit: Exit): void {
    const { class: kind, message, ...good } = exit;
    run.exit = exit.code === 0 ? good : exit;
    run.alive = false;
    run.recorded = false;
    server.mutation = undefined;
    watch.concluded(server, run);
    tell(server.host, `ends ${run.job}: ${exit.code === 0 ? "good" : `${kind} (${message})`}`);
    for (const follower of run.followers) follower();
    run.followers.clear();
  }

  /** Everything that was wrong with it is over. */
  function heal(server: Server): void {
    server.silentUntil = 0;
    server.fullUntil = 0;
    server.hungUntil = 0;
    server.mute = undefined;
  }

  const { ask, ...asking } = createAsking(clock, watch, begin);

  return { front, ...asking, heal, reboot };
}

export type Runner = ReturnType<typeof createRunner>;
