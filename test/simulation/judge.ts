import { isDeepStrictEqual } from "node:util";
import { eventsOf } from "@berth/domain/job/event.ts";
import type { Job } from "@berth/domain/job/job.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { unmarshalItem } from "@berth/local-dynamodb/marshal.ts";
import { judgeRest } from "./at-rest.ts";
import type { Customer } from "./customer.ts";
import type { Lines } from "./line.ts";
import type { Process } from "./process.ts";
import type { Queue } from "./queue.ts";
import type { Run, Server, Watch } from "./runner.ts";
import type { Stage } from "./stage.ts";
import type { Table, Written } from "./table.ts";

type Row = Record<string, unknown>;

/** What the judge knows: the table as it was written, and what servers did. */
export interface Known {
  readonly jobs: Map<string, Job & { readonly tenant: string }>;
  readonly endedAt: Map<string, number>;
  /** Rows of environments, apps, accounts and targets by `pk|sk`. */
  readonly rows: Map<string, Row>;
  /** Events kept, by job and target. */
  readonly events: Map<string, Set<number>>;
  /** The images that a release of an app was first healthy with, by server. */
  readonly images: Map<string, Map<string, string>>;
  /** How often a job had its effect on a server. */
  readonly effects: Map<string, number>;
  /** Write units by job. */
  readonly spent: Map<string, number>;
  readonly customers: Map<string, Customer>;
}

export interface Rest {
  readonly queue: Queue;
  readonly lines: Lines;
  readonly quietAt: number;
}

export interface Judge {
  readonly watch: Watch;
  readonly asked: (process: Process, server: Server, input: RunInput) => void;
  begin(customers: readonly Customer[]): void;
  going(): number;
  jobs(): number;
  rest(rest: Rest): void;
  /** Seconds from a job's acceptance to its beginning on a server, by tenant. */
  readonly waits: Map<string, number[]>;
  /** Seconds from the acceptance of checks to their end, by tenant. */
  readonly checks: Map<string, number[]>;
  /** Where a tenant's server of that name is. */
  readonly hostOf: (tenant: string, name: string) => string;
}

export const ends = ({ status }: Pick<Job, "status">) => status === "succeeded" || status === "failed" || status === "canceled";
const over = ends as (rollout: { status: string }) => boolean;
/** The job a run on a server belongs to: a later try after a verdict is a run of its own. */
export const jobOf = (run: string) => run.replace(/-\d+$/, "");
const RETRIES = [1, 5, 15];
/** How long after its last look at the entitlement a worker may still begin: it may have been frozen between the two. */
const BELATED = 16 * 60_000;
const order = ["queued", "running", "succeeded failed canceled"];
const rank = (status: string) => order.findIndex((names) => names.split(" ").includes(status));

/** Holds every write and everything a server does to the invariants, the moment it happens. */
export function createJudge(stage: Stage, table: Table, servers: Map<string, Server>): Judge {
  const { clock, swarm, violate, engine } = stage;
  const known: Known = {
    jobs: new Map(),
    endedAt: new Map(),
    rows: new Map(),
    events: new Map(),
    images: new Map(),
    effects: new Map(),
    spent: new Map(),
    customers: new Map(),
  };
  const fences = new Map<string, Process>();
  const accepted = new Map<string, number>();
  const began = new Map<string, number>();
  const lasting = new Map<string, string>();
  const batches = new Map<string, Map<string, number[]>>();
  const waits = new Map<string, number[]>();
  const checks = new Map<string, number[]>();
  const heard = new Map<string, number>();
  const requests = new Map<string, string>();
  let going = 0;

  engine.onRecord(({ eventName, dynamodb: { Keys, NewImage, OldImage } }) => {
    const { pk, sk } = unmarshalItem(Keys) as { pk: string; sk: string };
    const noun = sk.slice(0, sk.indexOf("#"));
    if (pk.includes("#AUDIT#")) {
      if (eventName !== "INSERT") violate("7 audit is append-only", `${sk} was changed`);
      if (NewImage && JSON.stringify(NewImage).includes("s3cr3t")) violate("6 no secret is told", `in the audit line ${sk}`);
      return;
    }
    if (pk.includes("#JOB#")) {
      const events = NewImage ? eventsOf(unmarshalItem(NewImage) as Row) : [];
      if (JSON.stringify(events).includes("s3cr3t")) violate("6 no secret is told", `in events of ${pk}`);
      const at = pk.slice(pk.indexOf("#JOB#") + 5);
      const kept = known.events.get(at) ?? new Set<number>();
      known.events.set(at, kept);
      // A row that is written over takes its events with it.
      const rowsOf = batches.get(at) ?? new Map<string, number[]>();
      batches.set(at, rowsOf);
      rowsOf.set(
        sk,
        events.map(({ seq }) => seq),
      );
      kept.clear();
      for (const seqs of rowsOf.values()) for (const seq of seqs) kept.add(seq);
      return;
    }
    if (sk !== "ACCOUNT" && noun !== "ENV" && noun !== "APP" && noun !== "TARGET") return;
    const old = OldImage && (unmarshalItem(OldImage) as Row);
    const now = NewImage && (unmarshalItem(NewImage) as Row);
    if (now) known.rows.set(`${pk}|${sk}`, now);
    else known.rows.delete(`${pk}|${sk}`);
    if (noun === "TARGET" && now && old) judgeTarget(pk, sk, old, now);
    if (sk === "ACCOUNT" && now && old && Number(now.slots) > Number(old.slots) && Number(now.slots) > Number(now.slotLimit))
      violate("10 slots stay within the plan", `${now.slots} of ${now.slotLimit}`);
    if (
      sk === "ACCOUNT" &&
      now &&
      old &&
      Number(now.targets) > Number(old.targets) &&
      Number(now.targets) > Number(now.targetLimit)
    )
      violate("10 slots stay within the plan", `${now.targets} targets of ${now.targetLimit}`);
    if (sk === "ACCOUNT" && now && new Set(now.deploys as string[]).size !== (now.deploys as string[]).length)
      violate("10 slots stay within the plan", "a deploy has two places");
  });

  const lives = (id: string | undefined) => {
    const job = id === undefined ? undefined : known.jobs.get(id);
    return job !== undefined && !ends(job);
  };

  function judgeTarget(pk: string, sk: string, old: Row, now: Row): void {
    const [was, is] = [Number(old.fence), Number(now.fence)];
    const lease = now.lease as { job: string; until: string } | undefined;
    const before = old.lease as { job: string; until: string } | undefined;
    if (is < was) violate("11 fences only rise", `${sk}: ${is} after ${was}`);
    if (is === was) {
      if (lease?.job !== before?.job)
        violate("11 fences only rise", `${sk}: the lease went from ${before?.job} to ${lease?.job} with the same fence`);
      return;
    }
    const mine = lease && Object.values(known.jobs.get(lease.job)?.rollouts ?? {}).find(({ target }) => target === now.id);
    const begun = mine !== undefined && mine.attempts > 0;
    const early = mine?.status === "retrying" && Date.parse(mine.nextAt ?? "") > clock.now() + 2000;
    if (early && !swarm.has("clock skewed") && !swarm.has("process frozen"))
      violate("6 retries come at 1, 5 and 15 minutes", `${lease?.job} takes ${sk} before ${mine.nextAt}`);
    const deploys = (known.rows.get(`${pk}|ACCOUNT`)?.deploys ?? []) as string[];
    const first = deploys.slice(0, Math.max(0, deploys.indexOf(lease?.job ?? "")));
    const skipped = begun ? undefined : (old.line as string[]).find((id) => first.includes(id) && lives(id));
    if (skipped !== undefined)
      violate("1 one after the other, first come first served", `${lease?.job} overtook ${skipped} on ${sk}`);
    if (!swarm.has("clock skewed") && before && lives(before.job) && Date.parse(before.until) > clock.now() + 1000)
      violate(
        "1 one after the other, first come first served",
        `${lease?.job} took ${sk} while ${before.job} held it until ${before.until}`,
      );
    if (!swarm.has("clock skewed") && lease && Date.parse(lease.until) > clock.now() + 61_000)
      violate("2 a dead worker's lease lapses in 60 s", `${sk} is held until ${lease.until}`);
  }

  table.onWritten((written) => {
    const { process, puts, keys } = written;
    if (process.job) known.spent.set(process.job, (known.spent.get(process.job) ?? 0) + process.spent);
    process.spent = 0;
    for (const key of keys) {
      const tenant = /^TENANT#([^#|]+)/.exec(key)?.[1];
      if (process.tenant && tenant && tenant !== process.tenant)
        violate("8 no tenant reaches another's", `${process.name} of ${process.tenant} writes ${key}`);
    }
    for (const row of puts) if (/^JOB#/.test(String(row.sk)) && !String(row.pk).includes("#JOB#")) judgeJob(written, row);
    if (keys.some((key) => /\|(ACCOUNT$|APP#)/.test(key))) judgeSlots(keys);
    judgeAudit(written);
    judgeRenewal(written);
  });

  /** A release is what it was when it was first healthy there; where it never was, going back to it means what it was elsewhere. */
  function judgeImage(server: Server, { input: { plan }, image = "" }: Run): void {
    const release = `${plan.app_id} ${plan.project} ${plan.release}`;
    const had = known.images.get(release) ?? new Map<string, string>();
    known.images.set(release, had);
    const first = had.get(server.host);
    if (first === undefined ? plan.pull === "missing" && ![...had.values()].includes(image) : first !== image)
      violate("4 a release is what it was", `${release} on ${server.host} has ${image} and had ${[...had.values()]}`);
    if (first === undefined) had.set(server.host, image);
  }

  /** Only whoever took a lease makes it last. */
  function judgeRenewal({ process, keys }: Written): void {
    const [key] = keys;
    if (keys.length !== 1 || !process.name.startsWith("worker") || !key?.includes("|TARGET#")) return;
    const row = known.rows.get(key);
    const before = lasting.get(key);
    const lease = row?.lease as { until: string } | undefined;
    lasting.set(key, `${row?.fence} ${lease?.until}`);
    const holder = fences.get(`${row?.id}/${row?.fence}`);
    if (holder && holder !== process && before?.startsWith(`${row?.fence} `) && before !== lasting.get(key) && lease)
      violate(
        "11 fences only rise",
        `${process.name} renews on ${row?.name} what ${holder.name} took with the fence ${row?.fence}`,
      );
  }

  /** Of every commit that changes what a customer has, one line of the audit log is a part. */
  function judgeAudit({ keys, process, puts }: Written): void {
    const lines = keys.filter((key) => key.includes("#AUDIT#")).length;
    const changes = keys.some((key) => /\|(ENV|APP|TARGETNAME)#/.test(key));
    const canceled = puts.some((row) => row.cancelAt !== undefined && row.endedAt !== undefined);
    if (changes && lines !== 1 && !(canceled && lines === 2))
      violate("7 every change has one audit line", `${process.name} wrote ${keys.join(" ")} with ${lines}`);
  }

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
      if ((job.kind === "deploy" || job.kind === "remove") && standing !== "good" && !(job.rollback && standing === "grace"))
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
    if (job.kind === "check")
      checks.set(job.tenant, [...(checks.get(job.tenant) ?? []), (clock.now() - Date.parse(job.createdAt)) / 1000]);
    if (row.dueAt !== undefined) violate("11 work is bounded", `${job.id} has ended and is still due`);
    if (!Object.values(job.rollouts).every(over))
      violate("2 an accepted job ends once", `${job.id} has ended before its rollouts`);
    const expected = job.kind === "check" && lines === 0 ? 0 : 1;
    const canceling = Boolean(job.cancelAt) && !was.cancelAt;
    if (!transaction || (lines !== expected && !(canceling && lines === expected + 1)))
      violate("7 every change has one audit line", `${job.id} has ${job.status} with ${lines}`);
  }

  /** Nothing goes wrong for a tenant; a server that says nothing is a fault, too. */
  const calm = (tenant: string) => swarm.calm && !known.customers.get(tenant)?.hostile;

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
    const retries = now.retries ?? 0;
    if (retries < (was.retries ?? 0) && process.version === "ours")
      violate("6 retries come at 1, 5 and 15 minutes", `${job.id} forgets how many it had`);
    if (was.status === "retrying" && now.status === "running" && was.nextAt && !swarm.has("clock skewed"))
      if (Date.parse(was.nextAt) > clock.now() + 2000)
        violate("6 retries come at 1, 5 and 15 minutes", `${job.id} is tried before ${was.nextAt}`);
    if (calm(job.tenant) && now.attempts > 1 + retries)
      violate("2 who renews a lease keeps it", `${job.id} was taken ${now.attempts} times without a fault`);
    judgeVerdict(job, was, now);
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
      job.kind !== "check"
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
    const most = runs.filter((run) => jobOf(run.job) === job.id && run.input.plan.resource === now.target);
    const failed = most.filter(({ exit }) => exit?.class === "registry.unavailable").length;
    if (times > failed) violate("6 retries come at 1, 5 and 15 minutes", `${job.id} counts one verdict ${times} times`);
  }

  const passing = (kind: string) =>
    /^(unreachable|refused|dropped|registry.unavailable|docker.down|busy|interrupted)$/.test(kind);

  function judgeSlots(keys: readonly string[]): void {
    for (const tenant of new Set(keys.map((key) => key.slice(0, key.indexOf("|"))))) {
      const account = known.rows.get(`${tenant}|ACCOUNT`);
      if (!account) continue;
      let active = 0;
      for (const [at, row] of known.rows) if (at.startsWith(`${tenant}|APP#`) && (row.active as string[]).length > 0) active++;
      if (Number(account.slots) !== active)
        violate("10 slots equal active apps", `${tenant} holds ${account.slots} for ${active}`);
    }
  }

  const running = (tenant: string) =>
    [...servers.values()]
      .filter((server) => server.tenant === tenant)
      .flatMap(({ mutation }) => (mutation?.alive ? [mutation] : []));

  const watch: Watch = {
    accepted({ host }, resource, fence) {
      const highest = accepted.get(`${host} ${resource}`) ?? 0;
      if (fence < highest) violate("11 fences only rise", `${host} lets in ${fence} after ${highest}`);
      accepted.set(`${host} ${resource}`, Math.max(fence, highest));
    },
    began(server, run, before) {
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
      const same = others.find((other) => other.input.plan.project === run.input.plan.project);
      if (same) violate("1 one mutation an app", `${jobOf(same.job)} and ${id} change ${run.input.plan.project} at once`);
      judgeStanding(server, run, job, new Set(others.map((other) => jobOf(other.job))).size + 1);
    },
    took(server, run) {
      const stopping = known.jobs.get(jobOf(run.job))?.cancelAt;
      const since = stopping === undefined ? 0 : clock.now() - Date.parse(stopping);
      if (calm(server.tenant) && since > 15_000 && run.input.op === "deploy")
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
    const slow = swarm.has("process frozen") ? BELATED : 90_000;
    // A plan that was made smaller counts for what begins from then on.
    const most = Math.max(...within(90 * 60_000).map(({ concurrent }) => concurrent));
    if (together > most) violate("1 the plan's number at a time", `${together} of ${most} run for ${server.tenant}`);
    const attempts = Object.values(job.rollouts).reduce((most, rollout) => Math.max(most, rollout.attempts), 0);
    const allowed = job.rollback ? ["good", "grace"] : ["good"];
    if (run.life === 1 && attempts <= 1 && !within(slow).some(({ standing }) => allowed.includes(standing)))
      violate("12 who does not pay changes nothing, and is not touched", `${job.id} begins on ${server.host}`);
  }

  return {
    watch,
    asked(process, server, input) {
      const { plan, fence, files, op } = input;
      if (process.tenant && process.tenant !== server.tenant)
        violate("8 no tenant reaches another's", `${process.tenant} reaches ${server.host} of ${server.tenant}`);
      if (op === "check" || op === "inspect" || op === "logs") return;
      if (plan.app_id && !plan.app_id.startsWith(`${server.tenant}/`))
        violate("8 no tenant reaches another's", `${plan.app_id} on ${server.host}`);
      for (const { path, content } of files)
        if (path === "compose.yaml" && !String(content).includes(`# of ${server.tenant}`))
          violate("8 no tenant reaches another's", `a release of another comes to ${server.host}`);
      const at = `${plan.resource}/${fence}`;
      const first = fences.get(at) ?? process;
      fences.set(at, first);
      if (first !== process)
        violate("11 fences only rise", `${first.name} and ${process.name} have the same fence ${fence} on ${server.host}`);
      const job = known.jobs.get(jobOf(plan.run ?? input.job));
      const since = job?.cancelAt === undefined ? 0 : clock.now() - Date.parse(job.cancelAt);
      if (op !== "cancel" && !swarm.has("clock skewed") && since > (swarm.has("process frozen") ? BELATED : 60_000))
        violate("2 who cancels is heard", `${job?.id} is begun ${Math.round(since / 1000)} s after it was canceled`);
      const rollout = job && Object.values(job.rollouts).find(({ target }) => target === plan.resource);
      if (
        rollout?.nextAt &&
        rollout.status === "retrying" &&
        !job?.cancelAt &&
        !swarm.has("clock skewed") &&
        process.frozenUntil === 0 && // one that was frozen may not know that it was put off; nothing but a fence could tell
        Date.parse(rollout.nextAt) > clock.now() + 2000
      )
        violate("6 retries come at 1, 5 and 15 minutes", `${job?.id} is tried before ${rollout.nextAt}`);
    },
    begin(customers) {
      for (const customer of customers) known.customers.set(customer.tenant, customer);
    },
    waits,
    checks,
    hostOf(tenant, name) {
      for (const [at, row] of known.rows)
        if (at.startsWith(`TENANT#${tenant}|TARGET#`) && row.name === name) return String(row.host);
      return "";
    },
    going: () => going,
    jobs: () => known.jobs.size,
    rest: (rest) => judgeRest(stage, known, servers, rest),
  };
}
