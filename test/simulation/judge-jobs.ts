import { isDeepStrictEqual } from "node:util";
import type { Job } from "@berth/domain/job/job.ts";
import type { Builds } from "./judge-builds.ts";
import { ends, isCalm, jobOf, type Known, over, type Row } from "./known.ts";
import type { Process } from "./process.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import type { Written } from "./table.ts";

const RETRIES = [1, 5, 15];
/** So long a worker stays with a run, in milliseconds. */
const STAYS = 600_000;
const order = ["queued", "running", "succeeded failed canceled"];
const rank = (status: string) => order.findIndex((names) => names.split(" ").includes(status));

const passing = (kind: string) => /^(unreachable|refused|dropped|registry.unavailable|docker.down|busy|interrupted)$/.test(kind);

/** Holds what is written of jobs to the invariants. */
export function judgeJobs(stage: Stage, known: Known, servers: Map<string, Server>, builds: Builds) {
  const { clock, swarm, violate } = stage;
  const checks = new Map<string, number[]>();
  const heard = new Map<string, number>();
  const requests = new Map<string, string>();
  let going = 0;

  function judgeJob({ process, keys, transaction }: Written, row: Row): void {
    const { tenant } = /^TENANT#(?<tenant>[^#]+)$/.exec(String(row.pk))?.groups ?? {};
    const job = { ...(row as unknown as Job), tenant: tenant ?? "" };
    const was = known.jobs.get(job.id);
    known.jobs.set(job.id, job);
    const lines = keys.filter((key) => key.includes("#AUDIT#")).length;
    if (JSON.stringify(row).includes("s3cr3t")) violate("6 no secret is told", `in ${job.id}`);
    for (const { failure } of Object.values(job.rollouts))
      if (failure && failure.message.length > 4096) violate("6 errors are short", `${failure.message.length} characters`);
    if (!was) {
      going++;
      if (job.status !== "queued" || job.version !== 1 || row.dueAt === undefined)
        violate("2 an accepted job ends once", `${job.id} begins as ${job.status}, version ${job.version}, due ${row.dueAt}`);
      if (lines !== 1) violate("7 every change has one audit line", `${job.id} was accepted with ${lines}`);
      const standing = known.customers.get(job.tenant)?.standings.at(-1)?.standing ?? "good";
      if (
        (job.kind === "deployment" || job.kind === "app.remove") &&
        standing !== "good" &&
        !(job.rollback && standing === "grace")
      )
        violate("12 who does not pay changes nothing, and is not touched", `${job.id} is accepted of one who is ${standing}`);
      const asked = process.once && requests.get(process.once);
      if (asked && asked !== job.id)
        violate("3 an effect happens once", `the request ${process.once} made ${asked} and ${job.id}`);
      if (process.once) requests.set(process.once, job.id);
      return;
    }
    if (job.version !== was.version + 1)
      violate("2 an accepted job ends once", `${job.id} goes from version ${was.version} to ${job.version}`);
    if (ends(was)) {
      violate("2 an accepted job ends once", `${job.id} had ${was.status} and is written again as ${job.status}`);
      return;
    }
    if (rank(job.status) < rank(was.status))
      violate("2 an accepted job ends once", `${job.id} goes from ${was.status} to ${job.status}`);
    if (was.cancelAt && !job.cancelAt) violate("2 an accepted job ends once", `the cancellation of ${job.id} was forgotten`);
    for (const [target, rollout] of Object.entries(was.rollouts)) judgeRollout(process, job, rollout, job.rollouts[target]);
    const waits = Object.values(job.rollouts).find((now) => !over(now) && now.status !== "running" && !now.begun);
    if (job.cancelAt && !was.cancelAt && waits)
      violate(
        "2 who cancels is heard",
        `${job.id} is canceled and ${waits.target}, where nothing was begun, is still ${waits.status}`,
      );
    if (!ends(job)) {
      if (row.dueAt === undefined) violate("2 an accepted job ends once", `${job.id} is not due any more`);
      else if (String(row.dueAt) < job.createdAt && !swarm.has("clock skewed"))
        violate("11 work is bounded", `${job.id} is due again before it is done`);
      if (Boolean(job.cancelAt) !== Boolean(was.cancelAt) && process.name.startsWith("api") && lines !== 1)
        violate("7 every change has one audit line", `${job.id} is to be canceled, with ${lines}`);
      return;
    }
    going--;
    known.endedAt.set(job.id, clock.now());
    known.lastEnd.set(job.tenant, clock.now());
    if (job.kind === "target.check")
      checks.set(job.tenant, [...(checks.get(job.tenant) ?? []), (clock.now() - Date.parse(job.createdAt)) / 1000]);
    if (row.dueAt !== undefined) violate("11 work is bounded", `${job.id} has ended and is still due`);
    if (!Object.values(job.rollouts).every(over))
      violate("2 an accepted job ends once", `${job.id} has ended before its rollouts`);
    const expected = job.kind === "target.check" && lines === 0 ? 0 : 1;
    const canceling = Boolean(job.cancelAt) && !was.cancelAt;
    if (!transaction || (lines !== expected && !(canceling && lines === expected + 1)))
      violate("7 every change has one audit line", `${job.id} has ${job.status} with ${lines}`);
  }

  function judgeRollout(
    process: Process,
    job: Job & { tenant: string },
    was: Job["rollouts"][string],
    now: Job["rollouts"][string] | undefined,
  ): void {
    if (!now) {
      violate("2 an accepted job ends once", `${job.id} lost a rollout`);
      return;
    }
    if (over(was) && !isDeepStrictEqual({ ...was }, { ...now }))
      violate("2 an accepted job ends once", `the rollout of ${job.id} on ${was.name} had ${was.status} and changes`);
    const at = `${job.id} ${now.target}`;
    const markers = known.markers.get(at) ?? [];
    if (was.status === "running" && now.status !== "running" && markers.includes(process) && markers.at(-1) !== process)
      violate("3 an effect happens once", `${process.name} was overtaken and makes ${job.id} ${now.status} on ${was.name}`);
    if (now.attempts > was.attempts) known.markers.set(at, [...markers, process]);
    const retries = now.retries ?? 0;
    if (retries < (was.retries ?? 0) && process.version === "ours")
      violate("6 retries come at 1, 5 and 15 minutes", `${job.id} forgets how many it had`);
    if (was.status === "retrying" && now.status === "running" && was.nextAt && !swarm.has("clock skewed"))
      if (Date.parse(was.nextAt) > clock.now() + 2000)
        violate("6 retries come at 1, 5 and 15 minutes", `${job.id} is tried before ${was.nextAt}`);
    // Without a fault a run changes hands only when it lasts longer than a worker stays.
    const hands = Math.floor((clock.now() - Date.parse(now.startedAt ?? job.createdAt)) / STAYS);
    if (isCalm(stage, known, job.tenant) && now.attempts > 1 + retries + hands)
      violate("2 who renews a lease keeps it", `${job.id} was taken ${now.attempts} times without a fault`);
    if (isCalm(stage, known, job.tenant) && retries > (was.retries ?? 0) && now.failure?.class === "dropped")
      violate("2 who renews a lease keeps it", `${job.id} is tried again for a lost line without a fault`);
    judgeVerdict(job, was, now);
    if (now.status === "failed" && !over(was)) builds.failed(job, now);
    if (retries > (was.retries ?? 0) && was.status === "retrying")
      violate("6 retries come at 1, 5 and 15 minutes", `${job.id} is put off twice for one try`);
    if (retries > Math.max(3, was.retries ?? 0) && !job.cancelAt && !now.withdrawn)
      violate("6 retries come at 1, 5 and 15 minutes", `${job.id} is at ${retries}`);
    if (now.status === "retrying" && now.nextAt && now.nextAt !== was.nextAt) {
      const minutes = (Date.parse(now.nextAt) - clock.now() - process.skew) / 60_000;
      const wanted = RETRIES[retries - 1] ?? 15;
      if (minutes > wanted + 0.02 || (!swarm.has("process frozen") && minutes < wanted - 0.5))
        violate("6 retries come at 1, 5 and 15 minutes", `number ${retries} of ${job.id} comes in ${minutes.toFixed(2)}`);
    }
    if (
      over(now) &&
      now.status === "failed" &&
      !over(was) &&
      now.failure &&
      passing(now.failure.class) &&
      retries < 3 &&
      !job.cancelAt &&
      job.kind !== "target.check" &&
      job.kind !== "deployment.plan"
    )
      violate("6 retries come at 1, 5 and 15 minutes", `${job.id} gives up ${now.failure.class} after ${retries}`);
  }

  /** What the server itself failed with and is tried again is a new run there, not the old verdict over again. */
  function judgeVerdict(job: Job, was: Job["rollouts"][string], now: Job["rollouts"][string]): void {
    const tried = now.status !== was.status && (now.status === "retrying" || now.status === "failed");
    if (!tried || now.failure?.class !== "registry.unavailable") return;
    const at = `${job.id} ${now.target}`;
    const times = (heard.get(at) ?? 0) + 1;
    heard.set(at, times);
    const runs = [...servers.values()].flatMap((server) => [...server.runs.values()]);
    const most = runs.filter((run) => jobOf(run.job) === job.id && run.input.values.resource === now.target);
    const failed = most.filter(({ exit }) => exit?.class === "registry.unavailable").length;
    if (times > failed) violate("6 retries come at 1, 5 and 15 minutes", `${job.id} counts one verdict ${times} times`);
  }

  return { judgeJob, checks, going: () => going };
}
