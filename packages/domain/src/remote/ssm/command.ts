import type { World } from "../../context.ts";
import { RemoteError } from "../remote.ts";
import { cleanText } from "../text.ts";

/** A server in a customer's account whose SSM agent runs what it is sent, and the role there that may send it. */
export interface Managed {
  readonly instance: string;
  readonly region: string;
  /** Its ARN. */
  readonly role: string;
  /** What the role's trust policy asks for, so that no other account of ours can have it used. */
  readonly externalId: string;
}

/** What became of a command so far, in AWS's words. */
export interface Told {
  readonly status: string;
  readonly details: string;
  /** 24,000 characters at most. */
  readonly output: string;
  readonly errors: string;
}

/** Run Command on one server. What AWS refuses is thrown, as an Error named as AWS names it. */
export interface Commands {
  /** `seconds`: how long it may run. Answers its id. */
  send(lines: readonly string[], seconds: number): Promise<string>;
  /** Undefined while AWS does not know it yet. */
  told(command: string): Promise<Told | undefined>;
  cancel(command: string): Promise<void>;
  /** What AWS has last heard of the agent, such as `Online`; undefined where none has registered. */
  ping(): Promise<string | undefined>;
}

type Clock = Pick<World, "now" | "sleep" | "random">;

const throttled =
  /^(Throttling(Exception)?|ThrottledException|TooManyRequestsException|RequestLimitExceeded|PriorRequestNotComplete|SlowDown)$/;
const denied =
  /^(AccessDenied(Exception)?|UnrecognizedClientException|InvalidClientTokenId|ExpiredToken(Exception)?|OptInRequired|RegionDisabledException)$/;
const [FIRST_MS, LONGEST_MS] = [200, 4000];
const [LOOK_MS, LOOK_LONGEST_MS] = [150, 1000];

/** Sends a command and waits for what it says. Every wait ends within `seconds`, whatever AWS answers. @throws RemoteError */
export async function outputOf(
  clock: Clock,
  commands: Commands,
  lines: readonly string[],
  { seconds, signal }: { readonly seconds: number; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const until = clock.now().getTime() + seconds * 1000;
  const wait = { until, signal };
  const id = await patiently(clock, commands, wait, () => commands.send(lines, seconds));
  let told: Told | undefined;
  try {
    for (let pause = LOOK_MS; ; pause = Math.min(pause * 1.5, LOOK_LONGEST_MS)) {
      await clock.sleep(pause, signal);
      told = await patiently(clock, commands, wait, () => commands.told(id));
      if (told && !/^(Pending|InProgress|Delayed|Cancelling)$/.test(told.status)) return judge(told);
      if (clock.now().getTime() >= until) throw late(told);
    }
  } catch (error) {
    // It may still be delivered, and nobody listens any more.
    if (!told || /^(Pending|InProgress|Delayed)$/.test(told.status)) await commands.cancel(id).catch(ignored);
    throw error;
  }
}

/** Tries again for as long as AWS asks for patience and the wait allows. @throws RemoteError */
export async function patiently<T>(
  clock: Clock,
  commands: Pick<Commands, "ping"> | undefined,
  { until, signal }: { readonly until: number; readonly signal?: AbortSignal | undefined },
  call: () => Promise<T>,
): Promise<T> {
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    if (signal?.aborted) throw new RemoteError("aborted", "The caller stopped listening; the run goes on");
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const spread = (pause * (128 + (clock.random(1)[0] ?? 0))) / 256;
      if (!mayPass(error)) throw await refused(error, commands);
      if (clock.now().getTime() + spread > until) throw tooLate(error);
      await clock.sleep(spread, signal);
    }
  }
}

const ignored = (error: unknown) => {
  if (!(error instanceof Error)) throw error;
};

const statusOf = (error: Error) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

/** A request that never arrived has no status. */
function mayPass(error: Error): boolean {
  const status = statusOf(error);
  return throttled.test(error.name) || (status === undefined ? !(error instanceof RemoteError) : status >= 500);
}

async function refused(error: Error, commands: Pick<Commands, "ping"> | undefined): Promise<RemoteError> {
  const cause = { cause: error };
  if (error instanceof RemoteError) return error;
  // What AWS says of taking the role names a role and an account of ours.
  if (denied.test(error.name))
    return new RemoteError("role.denied", commands ? cleanText(error.message) : "AWS does not let Berth take the role", cause);
  if (error.name === "InvalidInstanceId") {
    const ping = await commands?.ping().catch(ignored);
    return ping === undefined
      ? new RemoteError("agent.missing", "No SSM agent has registered under that id in this account and Region", cause)
      : new RemoteError("agent.silent", `AWS says of the server's SSM agent: ${ping}`, cause);
  }
  return new RemoteError(
    "unreachable",
    `AWS answered ${error.name}${error.message ? `: ${cleanText(error.message)}` : ""}`,
    cause,
  );
}

const tooLate = (error: Error) =>
  throttled.test(error.name)
    ? new RemoteError("aws.throttled", "AWS has slowed down calls of the account the server is in", { cause: error })
    : new RemoteError("unreachable", `AWS does not answer: ${cleanText(error.message)}`, { cause: error });

const late = (told: Told | undefined) =>
  told === undefined || told.status === "Pending" || told.status === "Delayed"
    ? new RemoteError("agent.silent", "The server's SSM agent did not take the command")
    : new RemoteError("timeout", "The server did not answer in time");

/** @throws RemoteError unless it succeeded */
function judge({ status, details, output, errors }: Told): string {
  if (status === "Success") return output;
  if (/^(DeliveryTimedOut|Undeliverable|InvalidPlatform|AccessDenied)$/.test(details))
    throw new RemoteError("agent.silent", `The command did not reach the server's SSM agent: ${details}`);
  if (details === "ExecutionTimedOut") throw new RemoteError("timeout", "The command took too long on the server");
  if (status === "Cancelled") throw new RemoteError("dropped", "The command was canceled in AWS");
  const said = cleanText(errors.trim().split("\n").at(-1) ?? "");
  throw new RemoteError("dropped", `The command ended with ${details}${said && `: ${said}`}`);
}
