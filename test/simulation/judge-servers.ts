import type { Job } from "@berth/domain/job/job.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import type { Builds } from "./judge-builds.ts";
import type { judgeKeeping } from "./judge-keeping.ts";
import { judgePlans } from "./judge-plans.ts";
import { BELATED, ends, isCalm, jobOf, type Known } from "./known.ts";
import type { Process } from "./process.ts";
import type { Run, Server, Watch } from "./server.ts";
import type { Stage } from "./stage.ts";

/** Holds what servers are asked and do to the invariants. */
export function judgeServers(
  stage: Stage,
  known: Known,
  servers: Map<string, Server>,
  builds: Builds,
  keeping: ReturnType<typeof judgeKeeping>,
) {
  const { clock, swarm, violate } = stage;
  const fences = new Map<string, Process>();
  const accepted = new Map<string, number>();
  const began = new Map<string, number>();
  const waits = new Map<string, number[]>();

  /** A release is what it was when it was first healthy there; where it never was, going back to it means what it was elsewhere. */
  function judgeImage(server: Server, { job, input: { values }, image = "" }: Run): void {
    const goesBack = known.jobs.get(jobOf(job))?.rollback === true;
    const release = `${values.app_id} ${values.project} ${values.release}`;
    const had = known.images.get(release) ?? new Map<string, string>();
    known.images.set(release, had);
    const first = had.get(server.host);
    if (first === undefined ? goesBack && ![...had.values()].includes(image) : first !== image)
      violate("4 a release is what it was", `${release} on ${server.host} has ${image} and had ${[...had.values()]}`);
    if (first === undefined) had.set(server.host, image);
  }

  const running = (tenant: string) =>
    [...servers.values()]
      .filter((server) => server.tenant === tenant)
      .flatMap(({ mutation }) => (mutation?.alive ? [mutation] : []));

  const plans = judgePlans(stage, known, ({ host }, resource) => accepted.get(`${host} ${resource}`) ?? 0);

  const watch: Watch = {
    planned: plans.planned,
    agreed: plans.agreed,
    refused: plans.refused,
    arrived: builds.arrived,
    dropped: builds.dropped,
    built: builds.built,
    changes: builds.changes,
    served: keeping.took,
    concluded: builds.concluded,
    accepted({ host }, resource, fence) {
      const highest = accepted.get(`${host} ${resource}`) ?? 0;
      if (fence < highest) violate("11 fences only rise", `${host} lets in ${fence} after ${highest}`);
      accepted.set(`${host} ${resource}`, Math.max(fence, highest));
    },
    began(server, run, before) {
      plans.began(server, run);
      builds.began(server, run);
      keeping.began(server, run);
      const last = began.get(`${server.host} ${run.job}`) ?? -1;
      began.set(`${server.host} ${run.job}`, run.fence);
      if (before && !run.canceled && run.fence <= last)
        violate("11 fences only rise", `${server.host} begins ${run.job} again for the caller it began it for`);
      const id = jobOf(run.job);
      const job = known.jobs.get(id);
      if (!job) {
        violate("3 an effect happens once", `${server.host} runs ${id}, which does not exist`);
        return;
      }
      if (ends(job)) violate("3 an effect happens once", `${server.host} begins ${id}, which has ${job.status}`);
      if (run.life === 1) {
        const list = waits.get(server.tenant) ?? [];
        waits.set(server.tenant, [...list, (clock.now() - Date.parse(job.createdAt)) / 1000]);
      }
      const others = running(server.tenant).filter((other) => jobOf(other.job) !== id);
      const same = others.find((other) => other.input.values.project === run.input.values.project);
      if (same) violate("1 one mutation an app", `${jobOf(same.job)} and ${id} change ${run.input.values.project} at once`);
      judgeStanding(server, run, job, new Set(others.map((other) => jobOf(other.job))).size + 1);
    },
    took(server, run) {
      builds.took(server, run);
      const stopping = known.jobs.get(jobOf(run.job))?.cancelAt;
      const since = stopping === undefined ? 0 : clock.now() - Date.parse(stopping);
      if (isCalm(stage, known, server.tenant) && since > 15_000 && run.input.op === "deploy")
        violate("2 who cancels is heard", `${jobOf(run.job)} took effect ${Math.round(since / 1000)} s after it was canceled`);
      const at = `${server.host} ${jobOf(run.job)}`;
      const times = (known.effects.get(at) ?? 0) + 1;
      known.effects.set(at, times);
      if (times > 1) violate("3 an effect happens once", `${jobOf(run.job)} took effect ${times} times on ${server.host}`);
      if (run.input.op === "deploy") judgeImage(server, run);
    },
  };

  function judgeStanding(server: Server, run: Run, job: Job, together: number): void {
    const customer = known.customers.get(server.tenant);
    if (!customer) return;
    const now = clock.now();
    const within = (milliseconds: number) =>
      customer.standings.filter((_, i, all) => (all[i + 1]?.at ?? now) >= now - milliseconds);
    // What it is built from is sent after the look at the entitlement, however long that takes.
    const slow = swarm.has("process frozen") || run.input.archives ? BELATED : 90_000;
    // A plan that was made smaller counts for what begins from then on.
    const most = Math.max(...within(90 * 60_000).map(({ concurrent }) => concurrent));
    if (together > most) violate("1 the plan's number at a time", `${together} of ${most} run for ${server.tenant}`);
    const attempts = Object.values(job.rollouts).reduce((most, rollout) => Math.max(most, rollout.attempts), 0);
    const allowed = job.rollback ? ["good", "grace"] : ["good"];
    if (run.life === 1 && attempts <= 1 && !within(slow).some(({ standing }) => allowed.includes(standing)))
      violate("12 who does not pay changes nothing, and is not touched", `${job.id} begins on ${server.host}`);
  }

  function asked(process: Process, server: Server, input: RunInput): void {
    const { values, fence, files, op } = input;
    builds.asked(input);
    if (process.tenant && process.tenant !== server.tenant)
      violate("8 no tenant reaches another's", `${process.tenant} reaches ${server.host} of ${server.tenant}`);
    if (op === "check" || op === "inspect" || op === "logs" || op === "plan") return;
    if (values.app_id && !values.app_id.startsWith(`${server.tenant}/`))
      violate("8 no tenant reaches another's", `${values.app_id} on ${server.host}`);
    for (const { path, content } of files)
      if (path === "compose.yaml" && !String(content).includes(`# of ${server.tenant}`))
        violate("8 no tenant reaches another's", `a release of another comes to ${server.host}`);
    const at = `${values.resource}/${fence}`;
    const first = fences.get(at) ?? process;
    fences.set(at, first);
    if (first !== process)
      violate("11 fences only rise", `${first.name} and ${process.name} have the same fence ${fence} on ${server.host}`);
    const job = known.jobs.get(jobOf(values.run ?? input.job));
    if (op !== "cancel" && job && !known.markers.get(`${job.id} ${values.resource}`)?.includes(process))
      violate(
        "3 an effect happens once",
        `${process.name} asks ${server.host} to run ${job.id} and has not marked it as running`,
      );
    const since = job?.cancelAt === undefined ? 0 : clock.now() - Date.parse(job.cancelAt);
    if (op !== "cancel" && !swarm.has("clock skewed") && since > (swarm.has("process frozen") ? BELATED : 60_000))
      violate("2 who cancels is heard", `${job?.id} is begun ${Math.round(since / 1000)} s after it was canceled`);
    const rollout = job && Object.values(job.rollouts).find(({ target }) => target === values.resource);
    if (
      rollout?.nextAt &&
      rollout.status === "retrying" &&
      !job?.cancelAt &&
      !swarm.has("clock skewed") &&
      process.frozenUntil === 0 && // one that was frozen may not know that it was put off; nothing but a fence could tell
      Date.parse(rollout.nextAt) > clock.now() + 2000
    )
      violate("6 retries come at 1, 5 and 15 minutes", `${job?.id} is tried before ${rollout.nextAt}`);
  }

  return { watch, asked, fences, waits };
}
