import { setTimeout as sleep } from "node:timers/promises";
import { body } from "@berth/api-client/client.ts";
import type { Me } from "@berth/api-client/types.ts";
import { type Scope, scopes } from "@berth/domain/scope.ts";
import { connect } from "../api/client.ts";
import { whoText } from "../audit/who.ts";
import { collect, type Flags, textOf, type Verb } from "../command.ts";
import { changeContexts } from "../config/change.ts";
import { configFile, type Login } from "../config/contexts.ts";
import { findPlace, type Place } from "../config/place.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem, refuse, usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { progressOn } from "../terminal/progress.ts";
import { version } from "../version.ts";
import { openBrowser } from "./browser.ts";
import { scopesOf } from "./scopes.ts";

interface Input {
  /** `-` reads it from standard input. */
  readonly token: string | undefined;
  readonly scopes: readonly Scope[];
  readonly browser: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth login", "confirm a short code in your browser"],
  ["berth login --token - < token.txt", "with a token, for machines"],
  ["berth login --context staging --url https://...", "a second login, under a name"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--token <token>", "keep this token; - reads it from standard input, which keeps it out of your history")
    .option("--scope <scope>", `ask only for ${scopes.join(", ")}; may be repeated`, collect)
    .option("--no-browser", "do not open a browser");

export function parse(_: readonly string[], flags: Flags): Input {
  return { token: textOf(flags, "token"), scopes: scopesOf(flags), browser: flags.browser !== false };
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const place = await findPlace(session.env, session.asked, { fresh: true });
  if (place.url === undefined) throw refuse("cli.no_service");
  const url = place.url;
  const given = input.token === "-" ? (await session.input()).trim() : input.token;
  if (given === "") throw usage("Standard input holds no token.", "berth login --token - < token.txt");
  const token = given ?? (await fromDevice(session, url, input));
  const me = await body(connect(url, { token, agent: agent(), env: session.env }).v1.me.$get());
  const before = await keep(session, place, { url, token, via: given === undefined ? "device" : "given" });
  const file = await configFile(session.env);
  show(session, { ...me, context: place.context, url }, () => {
    const { paint } = session.terminal;
    return [`${paint.green("✓")} Logged in to ${paint.bold(url)} as ${described(me)}`, `  Kept in ${file}`];
  });
  if (before !== undefined)
    note(session, `Context ${place.context} is current now, no longer ${before}. Back: berth context use ${before}`);
  if (session.env.BERTH_TOKEN) note(session, "BERTH_TOKEN is set in this shell and wins over the login just made.");
  return exits.done;
}

const agent = () => `berth/${version()} (${process.platform}; node ${process.versions.node})`;

export const onlyApp = ({ actor }: Me) => ("app" in actor ? actor.app : undefined);

export const described = (me: Me) =>
  `${me.email ?? whoText(me.actor)} (${me.email && me.actor.kind === "token" ? `${whoText(me.actor)}, ` : ""}scopes ${me.actor.scopes.join(", ")}${onlyApp(me) ? `, only ${onlyApp(me)}` : ""})`;

/** Keeps a login and makes it the current one. Answers which one was that before, if it is another that is still there. */
async function keep(session: Session, { context }: Place, login: Login): Promise<string | undefined> {
  let before: string | undefined;
  await changeContexts(
    session.env,
    ({ current, contexts }) => {
      before = current !== context && Object.hasOwn(contexts, current) ? current : undefined;
      return { current: context, contexts: { ...contexts, [context]: login } };
    },
    (line) => note(session, line),
  );
  return before;
}

/** A token by the device flow (RFC 8628): a person confirms the code in the browser while we ask whether it was done. */
async function fromDevice(session: Session, url: string, input: Input): Promise<string> {
  const api = connect(url, { agent: agent(), env: session.env });
  const { hostname } = await import("node:os");
  const start = await body(
    api.v1.auth.device.$post({
      json: { client: `berth on ${hostname()}`.slice(0, 80), ...(input.scopes.length > 0 && { scopes: [...input.scopes] }) },
    }),
  );
  const { terminal, json } = session;
  const { bold, cyan } = terminal.errPaint;
  terminal.err(
    ...(json
      ? [
          JSON.stringify({
            type: "confirm",
            code: start.userCode,
            url: start.verificationUriComplete,
            expiresIn: start.expiresIn,
          }),
        ]
      : [`Confirm this code in your browser: ${bold(start.userCode)}`, `  ${cyan(start.verificationUriComplete)}`]),
  );
  if (input.browser && terminal.interactive) openBrowser(start.verificationUriComplete, session.env);
  const progress = progressOn(terminal);
  progress.doing(() => "waiting for you to confirm it in the browser");
  const until = Date.now() + start.expiresIn * 1000;
  let interval = start.interval * 1000;
  try {
    while (Date.now() < until) {
      await sleep(interval);
      try {
        const { secret } = await body(api.v1.auth.device.token.$post({ json: { deviceCode: start.deviceCode } }));
        return secret;
      } catch (error) {
        if (isProblem(error, "auth.device_slow")) interval += 1000;
        // A network that is gone for a moment does not end it: the person confirms in a browser meanwhile.
        else if (!isProblem(error, "auth.device_pending", "cli.unreachable", "cli.unknown")) throw error;
      }
    }
  } finally {
    progress.end();
  }
  throw usage("The code was not confirmed in time.", "berth login");
}
