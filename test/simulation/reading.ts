import { logReaders } from "@berth/domain/held.ts";
import type { LogItem } from "@berth/domain/log/item.ts";
import { READ_SECONDS } from "@berth/domain/remote/deadline.ts";
import { unmarshalItem } from "@berth/local-dynamodb/marshal.ts";
import type { Voices } from "./container-log.ts";
import type { Stays } from "./listen.ts";
import type { Process } from "./process.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import type { Table } from "./table.ts";

type Row = Record<string, unknown>;

/** What a reader of logs has heard in one session. */
export interface Hearing {
  readonly session: string;
  readonly tenant: string;
  /** By name, the servers that it was told of. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly openedAt: number;
  /** The last line heard of each container. */
  readonly last: Map<string, number>;
  /** By server: lines passed over, and lines that were said to be left out. */
  readonly skipped: Map<string, number>;
  readonly leftOut: Map<string, number>;
  /** Servers that were said not to be readable. */
  readonly unreadable: Set<string>;
  next: number;
}

interface Following {
  readonly process: Process;
  readonly server: Server;
  readonly session: string;
  readonly since: number;
}

interface Cost {
  units: number;
  batches: number;
  messages: number;
  readonly since: number;
  until: number;
}

/** A worker looks every seven seconds whether somebody still reads; what it does then takes a moment. */
const NOTICE_SECONDS = 1;
const OVERTAKEN_SECONDS = 9;
const DEADLINES = {
  check: READ_SECONDS,
  login: READ_SECONDS,
  plan: READ_SECONDS,
  inspect: READ_SECONDS,
  logs: READ_SECONDS + 5,
  cancel: 603,
  deploy: 603,
  prepare: 603,
  remove: 603,
  save: 603,
};
/** For each minute that a session is followed: a worker's turn and its signs of life, the reader's time, and a batch a second at most. */
const COST = { units: 24, batches: 64, messages: 8 };
/** From a line's being said to its being heard, when nothing goes wrong. */
const HEARD_SECONDS = 8;

/** Holds sessions of reading logs to what is promised of them: workers, rows and what a reader hears. */
export function createReading(stage: Stage, table: Table, voices: Voices) {
  const { clock, swarm, violate, engine } = stage;
  const following = new Set<Following>();
  /** Who waits for a server that does not answer, by what for. */
  const looking = new Map<string, Process>();
  const held = new Map<string, Map<string, number>>();
  const costs = new Map<string, Cost>();
  /** Of looks and of questions that wait, how many are held. */
  const places = new Map<string, number>();
  const blurred = swarm.has("clock skewed") || swarm.has("process frozen");

  engine.onRecord(({ eventName, dynamodb: { Keys, NewImage } }) => {
    const { pk, sk } = unmarshalItem(Keys) as { pk: string; sk: string };
    const session = sk.startsWith("LOG#") ? sk.slice(4) : (/#LOG#(.+)$/.exec(pk)?.[1] ?? undefined);
    if (sk === "HELD#logs" && NewImage) judgeHeld(pk.slice("TENANT#".length), unmarshalItem(NewImage) as Row);
    if (/^HELD#(readers|polls)$/.test(sk) && NewImage)
      places.set(`${pk}|${sk}`, Object.keys((unmarshalItem(NewImage) as Row).held as Row).length);
    if (session === undefined || !NewImage) return;
    const ttl = Number((unmarshalItem(NewImage) as Row).ttl) - clock.now() / 1000;
    if (!(ttl > 0 && ttl < 3 * 3600)) violate("13 what was read goes", `a row of ${session} is kept for ${ttl} s`);
    if (eventName === "MODIFY" && !sk.startsWith("LOG#"))
      violate("13 no line is told twice", `batch ${sk} of ${session} is written over`);
  });

  function judgeHeld(tenant: string, { held: holds }: Row): void {
    const ends = new Map(Object.entries(holds as Record<string, number>));
    held.set(tenant, ends);
    const alive = [...ends.values()].filter((end) => end > clock.now() / 1000);
    if (!blurred && alive.length > logReaders.most)
      violate("13 a tenant has its share", `${tenant} reads logs in ${alive.length} places`);
  }

  table.onWritten(({ process, keys, units }) => {
    if (process.log === undefined) return;
    const foreign = keys.find((key) => !/\|LOG#|#LOG#|\|HELD#|\|TOKEN(#|$)/.test(key));
    if (foreign) violate("13 reading logs changes nothing", `${process.name} writes ${foreign}`);
    const cost = costOf(process.log);
    cost.until = clock.now();
    if (keys.some((key) => key.includes("#LOG#"))) cost.batches++;
    else if (!keys.some((key) => key.endsWith("|HELD#polls"))) cost.units += units;
  });

  function costOf(session: string): Cost {
    const now = clock.now();
    const cost = costs.get(session) ?? { units: 0, batches: 0, messages: 0, since: now, until: now };
    costs.set(session, cost);
    return cost;
  }

  const stays: Stays = {
    followed(process, server, session) {
      const mine = { process, server, session, since: clock.now() };
      for (const other of following) if (other.process.dead) following.delete(other);
      const beside = [...following].find((other) => other.session === session && other.server === server);
      if (!blurred && beside)
        violate("13 one worker follows", `${process.name} follows ${server.host} beside ${beside.process.name} for ${session}`);
      following.add(mine);
      const sessions = new Set([...following].filter((each) => each.server.tenant === server.tenant).map((each) => each.session));
      if (!blurred && sessions.size > logReaders.most)
        violate("13 a tenant has its share", `${server.tenant} has ${sessions.size} sessions followed`);
      return {
        beat: () => {
          judgeRead(mine);
          judgeOvertaken(mine);
        },
        end: () => void following.delete(mine),
      };
    },
    waited(process, server, { op, job }) {
      let over = false;
      const looker = looking.get(job);
      if (!blurred && looker && !looker.dead && (op === "check" || op === "inspect"))
        violate("5 one worker looks", `${process.name} asks ${server.host} to ${op} beside ${looker.name}`);
      looking.set(job, process);
      const most = DEADLINES[op];
      clock.after(most * 1000 + 1500, () => {
        if (!over && !process.dead && process.frozenUntil === 0)
          violate("5 our own end to every wait", `${process.name} waits for ${server.host} to ${op} for more than ${most} s`);
      });
      return () => {
        over = true;
        if (looking.get(job) === process) looking.delete(job);
      };
    },
  };

  /** Whoever was held up, and has been overtaken, sees it at the next look. */
  function judgeOvertaken(mine: Following): void {
    if (swarm.has("clock skewed") || following.size < 2) return;
    const { process, session, server } = mine;
    for (const other of following) {
      if (other.session !== session || other.server !== server || other.since <= mine.since || other.process.dead) continue;
      if (clock.now() - Math.max(other.since, process.frozenUntil) > OVERTAKEN_SECONDS * 1000)
        violate(
          "13 one worker follows",
          `${process.name} goes on beside ${other.process.name}, which overtook it, for ${session}`,
        );
    }
  }

  /** What nobody reads is not followed. */
  function judgeRead({ process, server, session }: Following): void {
    const until = held.get(server.tenant)?.get(session) ?? 0;
    const unread = clock.now() / 1000 - until;
    if (!blurred && unread > NOTICE_SECONDS)
      violate("13 what nobody reads ends", `${process.name} follows ${session} ${Math.round(unread)} s after anybody read it`);
  }

  /** What came of one question, in order. */
  function heard(hearing: Hearing, items: readonly LogItem[], next: number, hostile: boolean): void {
    if (next < hearing.next) violate("13 no line is told twice", `${hearing.session} goes back from ${hearing.next} to ${next}`);
    hearing.next = next;
    for (const item of items) {
      const { target } = item;
      if (item.type === "gap") hearing.leftOut.set(target, (hearing.leftOut.get(target) ?? 0) + item.lines);
      if (item.type === "unreadable") hearing.unreadable.add(target);
      if (item.type === "readable") hearing.unreadable.delete(target);
      if (item.type !== "log") continue;
      const [id = "", number = ""] = item.text.split(" ");
      const voice = voices.voices.get(id);
      const said = voice?.lines[Number(number) - 1];
      if (!voice || !said || said.text !== item.text) {
        violate("13 what is told was said", `${hearing.session}: ${item.text.slice(0, 100)}`);
        continue;
      }
      if (voice.tenant !== hearing.tenant)
        violate("8 no tenant reaches another's", `${hearing.tenant} reads a line of ${voice.tenant}`);
      const before = hearing.last.get(id);
      hearing.last.set(id, said.nth);
      if (before === undefined) continue;
      if (said.nth <= before) violate("13 no line is told twice", `${hearing.session}: ${said.nth} of ${id} after ${before}`);
      hearing.skipped.set(target, (hearing.skipped.get(target) ?? 0) + Math.max(0, said.nth - before - 1));
      const [skipped = 0, leftOut = 0] = [hearing.skipped.get(target), hearing.leftOut.get(target)];
      if (skipped > leftOut)
        violate(
          "13 what is left out is counted",
          `${hearing.session}: ${skipped} lines of ${target} are missing, ${leftOut} were said to be`,
        );
      const late = (clock.now() - Date.parse(item.at)) / 1000;
      if (swarm.calm && !hostile && Date.parse(item.at) > hearing.openedAt && late > HEARD_SECONDS)
        violate("13 lines are told in time", `${hearing.session}: ${said.nth} of ${id} is ${late.toFixed(1)} s old`);
    }
  }

  /** A reader has read on for a while in which nothing went wrong: what was said a minute ago it has heard. */
  function readOn(hearing: Hearing, servers: ReadonlyMap<string, Server>, project: string): void {
    if (blurred) return;
    for (const [name, host] of hearing.hosts) {
      const server = servers.get(host);
      const voice = server && voices.voiceOf(server, project);
      if (!voice || hearing.unreadable.has(name)) continue;
      voices.speak(voice);
      const long = clock.now() - 60_000;
      const wanted = voice.lines.findLast(
        ({ at }) => Date.parse(at) < long && Date.parse(at) > Math.max(hearing.openedAt, voice.bornAt),
      );
      const last = hearing.last.get(voice.id) ?? 0;
      if (wanted && last + (hearing.leftOut.get(name) ?? 0) < wanted.nth && last < wanted.nth)
        violate(
          "13 lines are told in time",
          `${hearing.session} has ${last} of ${voice.id} on ${name}, which said ${wanted.nth} a minute ago`,
        );
    }
  }

  /** When all is at rest. */
  function rest(): void {
    for (const [at, count] of places)
      if (swarm.calm && count > 0) violate("14 what is held is given back", `${count} of ${at} are still held`);
    for (const { process, server, session } of following)
      if (!process.dead) violate("13 what nobody reads ends", `${process.name} still follows ${server.host} for ${session}`);
    for (const [session, cost] of costs) {
      const minutes = (cost.until - cost.since) / 60_000 + 1;
      for (const what of ["units", "batches", "messages"] as const)
        if (cost[what] > COST[what] * minutes)
          violate("11 work is bounded", `${session} cost ${cost[what]} ${what} in ${minutes.toFixed(1)} minutes`);
    }
  }

  return {
    stays,
    heard,
    readOn,
    rest,
    sent: (session: string) => void costOf(session).messages++,
    costs: costs as ReadonlyMap<string, Cost>,
  };
}
export type Reading = ReturnType<typeof createReading>;
