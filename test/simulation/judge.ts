import { eventsOf } from "@berth/domain/job/event.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { unmarshalItem } from "@berth/local-dynamodb/marshal.ts";
import { judgeRest } from "./at-rest.ts";
import type { Customer } from "./customer.ts";
import { type Builds, judgeBuilds } from "./judge-builds.ts";
import { judgeJobs } from "./judge-jobs.ts";
import { judgeKeeping } from "./judge-keeping.ts";
import { judgeServers } from "./judge-servers.ts";
import { keepingIn } from "./keeping.ts";
import { ends, isCalm, type Known, type Rest, type Row } from "./known.ts";
import type { Process } from "./process.ts";
import type { Server, Watch } from "./server.ts";
import type { Stage } from "./stage.ts";
import type { Table, Written } from "./table.ts";

export interface Judge {
  readonly watch: Watch;
  readonly builds: Builds;
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

/** Without a fault, whoever waits for a target takes it so long after the job that had it has ended, in milliseconds. */
const SOON = 15_000;

/** Holds every write and everything a server does to the invariants, the moment it happens. */
export function createJudge(stage: Stage, table: Table, servers: Map<string, Server>): Judge {
  const { clock, swarm, violate, engine } = stage;
  const known: Known = {
    jobs: new Map(),
    endedAt: new Map(),
    lastEnd: new Map(),
    rows: new Map(),
    events: new Map(),
    images: new Map(),
    markers: new Map(),
    effects: new Map(),
    spent: new Map(),
    customers: new Map(),
    kept: new Map(),
  };
  const builds = judgeBuilds(stage, known);
  const { judgeJob, checks, going } = judgeJobs(stage, known, servers, builds);
  const keeping = judgeKeeping(stage, known);
  const keeps = keepingIn(stage.seed) !== undefined;
  const { watch, asked, fences, waits } = judgeServers(stage, known, servers, builds, keeping);
  const lasting = new Map<string, string>();
  const batches = new Map<string, Map<string, number[]>>();

  engine.onRecord(({ eventName, dynamodb: { Keys, NewImage, OldImage } }) => {
    const { pk, sk } = unmarshalItem(Keys) as { pk: string; sk: string };
    const noun = sk.slice(0, sk.indexOf("#"));
    if (keeps) keeping.written(pk, sk, NewImage && (unmarshalItem(NewImage) as Row));
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
    const skipped = begun ? undefined : (old.waiting as string[]).find((id) => first.includes(id) && lives(id));
    if (skipped !== undefined)
      violate("1 one after the other, first come first served", `${lease?.job} overtook ${skipped} on ${sk}`);
    const tenant = pk.slice("TENANT#".length);
    if (lease && before && !lives(before.job) && isCalm(stage, known, tenant) && (old.waiting as string[]).includes(lease.job)) {
      const turn = Math.max(known.lastEnd.get(tenant) ?? 0, Date.parse(known.jobs.get(lease.job)?.createdAt ?? ""));
      if (clock.now() - turn > SOON)
        violate(
          "1 who waits is served soon",
          `${lease.job} takes ${sk} ${(clock.now() - turn) / 1000} s after the last end of a job`,
        );
    }
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

  return {
    watch,
    builds,
    asked,
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
    going,
    jobs: () => known.jobs.size,
    rest(rest) {
      judgeRest(stage, known, servers, rest);
      keeping.rest();
    },
  };
}
