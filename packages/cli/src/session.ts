import type { Client } from "@berth/api-client/client.ts";
import type { Entitlement } from "@berth/api-client/entitlement.ts";
import { offWords } from "@berth/domain/entitlement/words.ts";
import type { Asking } from "./api/ask.ts";
import type { Asked, Place } from "./config/place.ts";
import { type Names, refuse } from "./refusal.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { moment } from "./terminal/time.ts";
import { version } from "./version.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What every command runs with. Nothing in it is loaded before it is asked for. */
export interface Session {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly env: Env;
  readonly folder: string;
  readonly asked: Asked;
  readonly now: () => Date;
  /** The service as somebody. @throws Refused auth.required without a token */
  readonly api: () => Promise<Client>;
  /** The service with the token if there is one. */
  readonly open: () => Promise<Client>;
  readonly place: () => Promise<Place>;
  /** All of standard input. */
  readonly input: () => Promise<string>;
  /** What this command is about: a refusal suggests commands with these names. */
  readonly names: Names;
  /** Told when a request is tried again; a progress line may show it. */
  retrying: ((why: string) => void) | undefined;
  /** What the account may do, as the service last said. */
  entitlement: Entitlement | undefined;
}

export interface Start {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly env: Env;
  readonly folder: string;
  readonly asked: Asked;
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

/** A request may be repeated for this long without a word. */
const QUIET_MS = 3000;

export function createSession({ stdin, ...start }: Start): Session {
  const { terminal } = start;
  let found: Promise<Place> | undefined;
  const told = new Set<string>();
  const sayOnce = (line: string) => {
    if (told.has(line)) return;
    told.add(line);
    if (terminal.live) terminal.raw("\r\x1b[K"); // a line of progress draws itself again
    terminal.err(line);
  };
  const place = () => {
    found ??= import("./config/place.ts").then(({ findPlace }) =>
      findPlace(start.env, start.asked, { say: (line) => note(session, line) }),
    );
    return found;
  };
  let ofJob: (() => Promise<string>) | undefined;
  const client = async ({ token, url, deployer }: Place): Promise<Client> => {
    if (url === undefined) throw refuse("cli.no_service");
    const { connect } = await import("./api/client.ts");
    const asking: Asking = {
      names: session.names,
      agent: `berth/${version()} (${process.platform}; node ${process.versions.node})`,
      onEntitlement: (entitlement) => {
        session.entitlement = entitlement;
      },
      env: start.env,
      onSlow: () => sayOnce(`Waiting for ${url} to answer ...`),
      onRetry: (why, since) => {
        if (session.retrying) session.retrying(why);
        else if (since > QUIET_MS) sayOnce(`Berth cannot be reached (${why}); trying again ...`);
      },
    };
    if (deployer === undefined) return connect(url, { ...asking, token });
    const { tokenOfJob } = await import("./auth/identity.ts");
    ofJob ??= tokenOfJob({ url, deployer, env: start.env, terminal, asking });
    return connect(url, { ...asking, token: ofJob });
  };
  const session: Session = {
    ...start,
    now: () => new Date(),
    place,
    api: async () => {
      const at = await place();
      if (at.token === undefined && at.deployer === undefined && at.url !== undefined) throw refuse("auth.required");
      return client(at);
    },
    open: async () => client(await place()),
    input: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString("utf8");
    },
    names: {},
    retrying: undefined,
    entitlement: undefined,
  };
  return session;
}

/** Shows an answer: as JSON in one piece, or as lines for people. */
export function show(session: Session, answer: unknown, lines: () => readonly string[]): void {
  if (session.json) session.terminal.out(JSON.stringify(answer));
  else session.terminal.out(...lines());
}

/** A remark for people, beside the answer. */
export function note(session: Session, ...lines: readonly string[]): void {
  if (!session.json) session.terminal.err(...lines);
}

/** What an account in arrears is told after every command. */
export function banner({ state, until, because }: Entitlement, place: Place, { errPaint: paint }: Terminal): string[] {
  if (state !== "grace" && state !== "restricted") return [];
  const why = state === "grace" ? state : (because ?? "unpaid");
  const { what, off, keeps, fix } = offWords[why];
  const page = `${place.url}/${why === "ended" ? "plans" : "billing"}`;
  if (why === "grace")
    return [`${paint.yellow("!")} ${what}, so ${off}${until ? `; rollback works until ${moment(until)}` : ""}. ${fix}: ${page}`];
  return [`${paint.red("!")} ${what}, so ${off}. ${keeps}. ${fix}: ${page}`];
}
