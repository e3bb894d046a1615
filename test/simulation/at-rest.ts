import { projectOf } from "@berth/domain/app/app.ts";
import type { Job } from "@berth/domain/job/job.ts";
import { BYTES_MILLISECONDS } from "./asking.ts";
import { ends, jobOf, type Known, type Rest } from "./known.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

const LATEST_MINUTES = 30;
/** What was sent, or began to be built, before all was quiet may last so much longer. */
const BUILDING_MINUTES = 33;
/** What a job may cost when nothing goes wrong, for each rollout of it. */
const CALM = { units: 28, messages: 5, commands: 2 };
/** What it may cost when everything does. */
const WORST = { units: 400, messages: 150, commands: 120 };

/** Holds what is at rest, when nothing goes wrong any more and nothing is under way, to the invariants. */
export function judgeRest(stage: Stage, known: Known, servers: Map<string, Server>, rest: Rest): void {
  const { violate, swarm } = stage;
  const targets = new Map<string, { host: string; tenant: string }>();
  for (const [at, row] of known.rows)
    if (at.includes("|TARGET#"))
      targets.set(String(row.id), { host: String(row.host), tenant: at.slice("TENANT#".length, at.indexOf("|")) });

  for (const job of known.jobs.values()) {
    const at = known.endedAt.get(job.id);
    if (at === undefined) violate("2 an accepted job ends", `${job.id} is ${job.status}: ${JSON.stringify(job.rollouts)}`);
    else if (at > rest.quietAt + (LATEST_MINUTES + (rest.builds ? BUILDING_MINUTES : 0)) * 60_000)
      violate(
        "2 an accepted job ends in time",
        `${job.id} ended ${Math.round((at - rest.quietAt) / 60_000)} minutes after the last fault`,
      );
    judgeEffects(job);
    judgeCost(job);
  }
  for (const customer of known.customers.values())
    for (const id of customer.jobs)
      if (!known.jobs.has(id)) violate("2 an accepted job is not lost", `${id} was accepted and is not there`);
  judgeServers();
  if (swarm.calm && rest.queue.dead.length > 0)
    violate("11 work is bounded", `${rest.queue.dead.length} dead letters without a fault`);
  for (const line of rest.queue.dead) stage.tell("queue", `has given up ${line.body}`);

  function judgeEffects(job: Job & { tenant: string }): void {
    if (job.kind !== "deployment" && job.kind !== "app.remove") return;
    for (const rollout of Object.values(job.rollouts)) {
      const target = targets.get(rollout.target);
      if (!target) continue;
      const effects = known.effects.get(`${target.host} ${job.id}`) ?? 0;
      if (rollout.status === "succeeded" && effects !== 1)
        violate("3 an effect happens once", `${job.id} succeeded on ${target.host} and took effect ${effects} times`);
      if (ends(rollout as Pick<Job, "status">) && rollout.status !== "succeeded" && effects > 0)
        violate(
          "3 an effect happens once",
          `${job.id} has ${rollout.status} (${rollout.failure?.class}) on ${target.host} and took effect`,
        );
      if (rollout.status === "succeeded" && job.kind === "deployment") judgeEvents(job, rollout.target, target.host);
    }
  }

  /** Every event of the run that succeeded was kept, in order and without a gap. */
  function judgeEvents(job: Job, target: string, host: string): void {
    const runs = [...(servers.get(host)?.runs.values() ?? [])].filter((run) => jobOf(run.job) === job.id && run.exit?.code === 0);
    const kept = [...(known.events.get(`${job.id}#${target}`)?.keys() ?? [])].sort((a, b) => a - b);
    for (const run of runs) {
      const nth = Number(/-(\d+)$/.exec(run.job)?.[1] ?? 0);
      const mine = kept.filter((seq) => Math.floor(seq / 1_000_000) === nth);
      if (mine.length !== run.events.length || mine.some((seq, i) => seq !== nth * 1_000_000 + i + 1))
        violate("2 no event is lost", `${run.job} said ${run.events.length} and ${mine.length} are kept: ${mine.join(" ")}`);
    }
  }

  function judgeCost(job: Job & { tenant: string }): void {
    const most = swarm.calm && !known.customers.get(job.tenant)?.hostile ? CALM : WORST;
    const many = Math.max(1, Object.keys(job.rollouts).length);
    const messages = rest.queue.sent.get(job.id) ?? 0;
    const waited = swarm.calm ? rest.queue.sent.size * 2 : 0; // a job that ends dispatches those that wait
    // A run that lasts longer than a worker stays changes hands, and while it lasts or waits for one the sweep looks each minute after it.
    const lasted = ((known.endedAt.get(job.id) ?? stage.clock.now()) - Date.parse(job.startedAt ?? job.createdAt)) / 1000;
    const there = (known.endedAt.get(job.id) ?? stage.clock.now()) - Date.parse(job.createdAt);
    const looks = 2 * Math.floor(Math.max(0, there) / 60_000);
    const hands = 2 * Math.floor(Math.max(0, lasted) / 600);
    if (messages > (most.messages + waited + hands + looks) * many)
      violate("11 work is bounded", `${job.id} cost ${messages} messages`);
    const units = known.spent.get(job.id) ?? 0;
    // A lease renewed every ten seconds and events kept every two are what time costs.
    // A removal erases all releases there were: of each its row, its bundle's and its images'; and has a row of its own until that is done. Its
    // last commit takes the environment with all that is remembered of it.
    const releases = [...known.jobs.values()].filter(({ kind, appId }) => kind === "deployment" && appId === job.appId).length;
    const kept = (known.kept.get(job.appId ?? "") ?? 0) + (known.kept.get(job.app ?? "") ?? 0);
    const erased = job.kind === "app.remove" ? 10 + 3 * releases + 2 * kept : 0;
    if (units > (most.units + erased + waited + (job.cancelAt ? 12 : 0) + Math.max(0, lasted) / 4) * many)
      violate("11 work is bounded", `${job.id} cost ${units} write units`);
    let commands = 0;
    for (const [run, count] of rest.lines.commands) if (jobOf(run) === job.id) commands += count;
    if (commands > (most.commands + hands + (job.cancelAt ? 2 : 0)) * many)
      violate("11 work is bounded", `${job.id} cost ${commands} commands`);
  }

  /** What runs is what the table says is live, and nothing else does. */
  function judgeServers(): void {
    for (const server of servers.values()) {
      const target = [...targets].find(([, { host, tenant }]) => host === server.host && tenant === server.tenant)?.[0];
      const names = new Set(server.projects.keys());
      for (const [at, row] of known.rows)
        if (at.startsWith(`TENANT#${server.tenant}|ENV#`) && target && (row.live as Record<string, number>)[target] !== undefined)
          names.add(projectOf(String(row.app), String(row.name)));
      for (const name of names) {
        const row = [...known.rows].find(
          ([at, each]) =>
            at.startsWith(`TENANT#${server.tenant}|ENV#`) && projectOf(String(each.app), String(each.name)) === name,
        )?.[1];
        const live = target === undefined ? undefined : (row?.live as Record<string, number> | undefined)?.[target];
        const project = server.projects.get(name);
        // A removal that failed half-way has said so; to be told what is left, one asks for it again.
        const last = known.jobs.get(String(row?.job));
        if (
          last?.kind === "app.remove" &&
          last.status !== "succeeded" &&
          project?.serves === undefined &&
          project?.current === live
        )
          continue;
        const had = known.images.get(`${project?.owner} ${name} ${live}`)?.get(server.host);
        if (project && live !== undefined && project.image !== had)
          violate(
            "4 what runs is what is live",
            `${name} on ${server.host}: ${live} was healthy with ${had}, ${project.image} runs`,
          );
        if (project?.serves !== live || project?.current !== live)
          violate(
            "4 what runs is what is live",
            `${name} on ${server.host}: live ${live}, runs ${project?.serves}, current ${project?.current}`,
          );
      }
      // Whose caller has died without a word is given up in time.
      if (server.asking && server.asking.until > stage.clock.now() + BYTES_MILLISECONDS)
        violate("16 no server waits for ever", `${server.host} waits for what ${server.asking.job} needs`);
      if (server.mutation) violate("2 an accepted job ends", `${server.host} still runs ${server.mutation.job}`);
    }
  }
}
