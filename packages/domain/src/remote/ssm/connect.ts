/** Servers by SSM's Run Command, which needs no open port: the same RUN, in pieces of commands. */
import type { World } from "../../context.ts";
import { aborted, follow } from "../follow.ts";
import { type Exit, type Remote, RemoteError, type RunInput } from "../remote.ts";
import { toRequest } from "../request.ts";
import { channelOf } from "./channel.ts";
import { type Commands, type Managed, patiently } from "./command.ts";
import { type Closed, openSession, type Session } from "./session.ts";

/** @throws RemoteError */
export type ConnectManaged = (server: Managed, signal?: AbortSignal) => Promise<Remote>;

/** What archives and images a run may bring, in all: a megabyte takes half a minute. */
export const SENT_MOST = 4 * 1024 * 1024;
const ROLE_SECONDS = 10;

type Clock = Pick<World, "now" | "sleep" | "random">;

/** `take`: takes the role, and answers Run Command for the one server. */
export const connectManaged =
  (clock: Clock, take: (server: Managed) => Promise<Commands>): ConnectManaged =>
  async (server, signal) => {
    const until = clock.now().getTime() + ROLE_SECONDS * 1000;
    const commands = await patiently(clock, undefined, { until, signal }, () => take(server));
    const open = (over?: AbortSignal) => openSession(clock, commands, over);
    let ready: Session | Closed | undefined = await open(signal);
    const closing: Promise<void>[] = [];
    let closed = false;
    return {
      async run(input, onEvent, over) {
        if (over?.aborted) throw aborted();
        if (closed) throw new RemoteError("dropped", "The connection is closed");
        const session = ready ?? (await open(over));
        ready = undefined;
        if ("no" in session) return refused(session);
        const request = await toRequest(input);
        const channel = channelOf(session);
        let lost: Error | undefined;
        channel.on("error", (error) => {
          lost = error;
        });
        const gone = new Promise<void>((resolve) => channel.once("close", () => resolve()));
        try {
          return await follow(channel, request, withinLimits(input), onEvent, gone, () => lost, over);
        } finally {
          channel.destroy();
          closing.push(session.close());
        }
      },
      async close() {
        closed = true;
        if (ready && !("no" in ready)) closing.push(ready.close());
        await Promise.all(closing);
      },
    };
  };

const refused = ({ no, message }: Closed): Exit => ({
  ...{ code: no === "tool.missing" ? 69 : 1, class: no, step: "preflight", message },
  ...{ log: [], changed: false, rolledBack: false, data: {} },
});

const TOO_MUCH = `There are more than ${SENT_MOST / 1024 / 1024} MB to send, and this server is reached by SSM`;

/** What is too much is told before any of it is sent. */
function withinLimits(input: RunInput): RunInput {
  const { archives, carried } = input;
  const bytes = [...(archives?.list ?? []), ...(archives?.mounted ?? [])].reduce((sum, each) => sum + each.bytes, 0);
  return {
    ...input,
    ...(archives &&
      bytes > SENT_MOST && { archives: { ...archives, open: () => Promise.reject(new RemoteError("ssm.too_much", TOO_MUCH)) } }),
    ...(carried && {
      carried: async (services, signal) => {
        const pack = await carried(services, signal);
        return "gone" in pack || pack.bytes <= SENT_MOST ? pack : { gone: TOO_MUCH };
      },
    }),
  };
}
