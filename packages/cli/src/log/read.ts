import { setTimeout as sleep } from "node:timers/promises";
import { body, segment } from "../api/client.ts";
import type { Logs } from "../api/types.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { countOf, type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { named, usage } from "../refusal.ts";
import { note, type Session } from "../session.ts";
import { clean, pad } from "../terminal/text.ts";
import { clockTime } from "../terminal/time.ts";
import { freshLines } from "./fresh.ts";

type Line = Logs["items"][number];

interface Input {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly service: string | undefined;
  readonly tail: number | undefined;
  readonly since: string | undefined;
  readonly follow: boolean;
}

/** Each reading is a connection to every server, so they are not closer together than this. */
const AGAIN_MS = 2000;
const MOST = 1000;
const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const examples: Verb<Input>["examples"] = [
  ["berth logs", "the last lines of the app in this folder"],
  ["berth logs shop --service web --since 10m", "one service, the last ten minutes"],
  ["berth logs --follow --json", "for programs: one JSON object a line, as they come"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app, by option")
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-s, --service <name>", "only this service of the Compose file")
    .option("-n, --tail <lines>", "how many lines, at most 1000 (default: 100)")
    .option("--since <time>", "since 90s, 10m, 2h, 3d or a moment like 2027-03-01T12:00:00Z")
    .option("-f, --follow", "go on with what they say next");

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  service: textOf(flags, "service"),
  tail: countOf(flags, "tail", 1, MOST),
  since: checkSince(textOf(flags, "since")),
  follow: isSet(flags, "follow"),
});

function checkSince(text: string | undefined): string | undefined {
  if (text === undefined || /^\d+[smhd]$/.test(text)) return text;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw usage(`--since: "${text}" is neither like 10m nor a moment in time.`);
  return date.toISOString();
}

const sinceAt = (text: string, now: Date): string => {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return unit === undefined ? text : new Date(now.getTime() - Number(count) * (units[unit] ?? 0) * 1000).toISOString();
};

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  const api = await session.api();
  const read = (tail: number | undefined, since: string | undefined): Promise<Logs> =>
    body(
      api.v1.apps[":app"].logs.$get({
        param: { app: segment(app) },
        query: {
          ...(environment !== undefined && { environment }),
          ...(input.service !== undefined && { service: input.service }),
          ...(tail !== undefined && { tail: String(tail) }),
          ...(since !== undefined && { since }),
        },
      }),
    ).catch((error: unknown) => {
      throw named(error, { APP: app });
    });
  const since = input.since && sinceAt(input.since, session.now());
  const first = await read(input.tail, since);
  if (session.json && !input.follow) {
    session.terminal.out(JSON.stringify(first));
    return first.items.length === 0 && first.failed.length > 0 ? exits.failed : exits.done;
  }
  const print = printer(session);
  print(first.items);
  complain(session, first);
  if (!input.follow) return first.items.length === 0 && first.failed.length > 0 ? exits.failed : exits.done;
  const fresh = freshLines(first.items, session.now().toISOString());
  for (;;) {
    await sleep(AGAIN_MS);
    print(fresh.take((await read(MOST, fresh.since())).items));
  }
}

function complain(session: Session, { items, failed }: Logs): void {
  for (const { target, message } of failed)
    note(session, `${session.terminal.errPaint.red("✗")} ${clean(target)}: ${clean(message)}`);
  if (items.length === 0 && failed.length === 0) note(session, "They have said nothing yet.");
}

/** One line per log line: time, server where there are several, service, text. */
function printer({ terminal, json }: Session) {
  const targets = new Set<string>();
  let longest = 0;
  return (items: readonly Line[]): void => {
    if (items.length === 0) return;
    if (json) {
      terminal.out(...items.map((line) => JSON.stringify({ type: "log", ...line })));
      return;
    }
    for (const { target, service } of items) {
      targets.add(target);
      longest = Math.max(longest, service.length);
    }
    const { dim, cyan } = terminal.paint;
    terminal.out(
      ...items.map(({ at, target, service, text }) => {
        const where = targets.size > 1 ? `${clean(target)}  ` : "";
        return `${dim(clockTime(at))}  ${where}${cyan(pad(clean(service), longest))}  ${clean(text)}`;
      }),
    );
  };
}
