import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { LogItem } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { collect, countOf, type Flags, isSet, listOf, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem } from "../refusal.ts";
import { note, type Session } from "../session.ts";
import { clean } from "../terminal/text.ts";
import { close, follow } from "./follow.ts";
import { printer } from "./print.ts";
import { sinceAt } from "./since.ts";

interface Input {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly services: readonly string[];
  readonly tail: number | undefined;
  readonly since: string | undefined;
  readonly follow: boolean;
}

const MOST = 1000;

export const examples: Verb<Input>["examples"] = [
  ["berth logs", "the last lines of the app in this folder"],
  ["berth logs shop --service web --since 10m", "one service, the last ten minutes"],
  ["berth logs shop -f -n 0 -s web -s worker", "from now on, two services"],
  ["berth logs --follow --json", "for programs: one JSON object a line, as they come"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app, in place of the argument")
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-s, --service <name>", "only this service of the Compose file; may be repeated", collect)
    .option("-n, --tail <lines>", "how many lines to begin with, of all services together, at most 1000 (default: 100)")
    .option("--since <time>", "since 90s, 10m, 1h30m, yesterday or a moment like 2027-03-01T12:00:00Z")
    .option("-f, --follow", "go on with what they say next");

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  services: listOf(flags, "service"),
  tail: countOf(flags, "tail", 0, MOST),
  since: checkSince(textOf(flags, "since")),
  follow: isSet(flags, "follow"),
});

function checkSince(text: string | undefined): string | undefined {
  if (text !== undefined) sinceAt(text, new Date());
  return text;
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  session.names.APP = app;
  const api = await session.api();
  const wish = {
    ...(environment !== undefined && { environment }),
    ...(input.services.length > 0 && { services: [...input.services] }),
    ...(input.tail !== undefined && { tail: input.tail }),
    ...(input.since !== undefined && { since: sinceAt(input.since, session.now()) }),
    follow: input.follow,
  };
  const over = new AbortController();
  const stop = () => over.abort();
  process.on("SIGINT", stop);
  try {
    return await read(session, api, app, wish, over.signal);
  } finally {
    process.off("SIGINT", stop);
    session.retrying = undefined;
  }
}

type Wish = Parameters<Client["v1"]["apps"][":app"]["logs"]["$post"]>[0]["json"];

const open = (api: Client, app: string, json: Wish) =>
  body(api.v1.apps[":app"].logs.$post({ param: { app: segment(app) }, json }, once()));

/** Reads until all is told, or somebody says that it is enough. */
async function read(session: Session, api: Client, app: string, wish: Wish, signal: AbortSignal): Promise<Exit> {
  const { terminal, json } = session;
  const unreadable = new Set<string>();
  const items: LogItem[] = [];
  let lines = 0;
  let lastAt: string | undefined;
  let lost = false;
  session.retrying = () => {}; // it is told below, once
  const onLost = (why: string) => {
    if (!lost) terminal.err(`${clean(why)} Trying again; what is said meanwhile follows.`);
    lost = true;
  };
  const onFound = () => {
    terminal.err("Berth answers again.");
    lost = false;
  };
  for (let wanted = wish; ; ) {
    const log = await open(api, app, wanted);
    const print = printer(session, log.targets);
    let ended = false;
    try {
      for await (const page of follow(api, log.id, { signal, onLost, onFound })) {
        for (const item of page.items) {
          if (item.type === "unreadable") unreadable.add(item.target);
          else unreadable.delete(item.target);
          if (item.type === "log") lines++;
          lastAt = item.at;
        }
        if (json && !wish?.follow) items.push(...page.items);
        else print(page.items);
        ended = page.ended;
      }
    } catch (error) {
      if (!wish?.follow || !isProblem(error, "log.not_found")) throw error;
    }
    if (signal.aborted) {
      await close(api, log.id);
      return exits.killed;
    }
    const none = log.targets.every((target) => unreadable.has(target));
    if (!wish?.follow) {
      if (json) terminal.out(JSON.stringify(answerOf(items)));
      else if (lines === 0 && unreadable.size === 0) note(session, "No log lines yet.");
      return lines === 0 && unreadable.size > 0 ? exits.failed : exits.done;
    }
    if (ended && none) return exits.failed;
    // It was not read for so long that it is forgotten, as where this machine slept; a session also ends after a day.
    wanted = { ...wish, tail: MOST, ...(lastAt !== undefined && { since: lastAt }) };
    const at = lastAt ?? session.now().toISOString();
    if (json)
      terminal.out(...log.targets.map((target) => JSON.stringify({ type: "gap", at, target, lines: null, text: INTERRUPTED })));
    else terminal.err(INTERRUPTED);
  }
}

/** How many are missing nobody knows: where a gap is counted, `lines` is their number. */
const INTERRUPTED = "Reading was interrupted: lines may be missing here, or come twice.";

const answerOf = (items: readonly LogItem[]) => ({
  items: items.flatMap((item) => (item.type === "log" || item.type === "gap" ? [item] : [])),
  failed: items.flatMap((item) => (item.type === "unreadable" ? [{ target: item.target, message: item.text }] : [])),
});
