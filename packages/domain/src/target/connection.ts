import type { Context } from "../context.ts";
import { isFailureClass } from "../job/failure.ts";
import { CONNECT_SECONDS, READ_SECONDS, within } from "../remote/deadline.ts";
import type { Reach, Server } from "../remote/reach.ts";
import { type Exit, type Remote, RemoteError, type RunEvent, type RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import { redactWhole } from "../secret/whole.ts";
import { openKey } from "./target.ts";

/** Connects to a target with its own key. @throws RemoteError */
export const openConnection = (ctx: Context, target: Server, reach: Reach, signal?: AbortSignal): Promise<Remote> =>
  within(ctx, CONNECT_SECONDS, async (late) => {
    const [host, key] = await Promise.all([
      reach.resolve(target.host, { allowPrivate: ctx.privateTargets }),
      openKey(ctx, target.id),
    ]);
    const over = signal ? AbortSignal.any([signal, late]) : late;
    const remote = await reach.connect(
      { host, port: target.port, user: target.user, hostKey: target.hostKey?.key ?? "" },
      key,
      over,
    );
    // Nobody waits for it any more.
    if (over.aborted) void remote.close();
    return remote;
  });

/** Whether an event is worth being searched for secrets, which costs more than all else that is done with it. */
export type Keeps = (event: RunEvent) => boolean;
const none: Keeps = () => false;

/** A server of whose answers nothing secret is heard: all that comes of one into our rows comes through here. Events that nobody keeps are left out. */
export function discreet(remote: Remote, redact: Redact, keeps = none): Remote {
  const clean = <T>(told: T): T => redactWhole(told, redact, isFailureClass);
  return {
    close: () => remote.close(),
    run: (input, onEvent, signal) =>
      remote
        .run(
          input,
          (event) => {
            if (keeps(event)) onEvent(clean(event));
          },
          signal,
        )
        .then(clean, (error: unknown) => {
          throw withoutSecrets(error, redact);
        }),
  };
}

/** The other side has words in why it could not be reached, too. */
const withoutSecrets = (error: unknown, redact: Redact) =>
  error instanceof RemoteError ? new RemoteError(error.class, redact(error.message), { cause: error.cause }) : error;

/** Puts one question that only reads to a server, over a connection of its own, and hears the answer or gives up. @throws RemoteError */
export const ask = (ctx: Context, target: Server, reach: Reach, run: RunInput, redact: Redact): Promise<Exit> =>
  within(ctx, READ_SECONDS, async (signal) => {
    const remote = await openConnection(ctx, target, reach, signal).catch((error: unknown) => {
      throw withoutSecrets(error, redact);
    });
    try {
      return await discreet(remote, redact).run(run, () => {}, signal);
    } finally {
      await remote.close();
    }
  });

/** Connections to one target, one after the other or at once. */
export interface Line {
  /** @throws RemoteError, and what the work throws */
  use<T>(redact: Redact, work: (remote: Remote) => Promise<T>, keeps?: Keeps): Promise<T>;
  /** Hangs up. Before this nobody waits for a connection to close: what the server said is written meanwhile. */
  close(): Promise<void>;
}

/** How a connection turned out: kept until somebody uses it, so that one that nobody uses fails for nobody. */
type Opened = { readonly remote: Remote } | { readonly error: unknown };

/** The first connection is begun at once, while its caller still writes and reads what the work needs; to a target that nobody trusts, none is. */
export function lineTo(ctx: Context, target: Server, reach: Reach): Line {
  const closing: Promise<void>[] = [];
  const open = () =>
    openConnection(ctx, target, reach).then(
      (remote): Opened => ({ remote }),
      (error: unknown): Opened => ({ error }),
    );
  let ahead = target.hostKey && open();
  return {
    async use(redact, work, keeps) {
      const opening = ahead ?? open();
      ahead = undefined;
      const opened = await opening;
      if ("error" in opened) throw withoutSecrets(opened.error, redact);
      try {
        return await work(discreet(opened.remote, redact, keeps));
      } finally {
        closing.push(opened.remote.close());
      }
    },
    async close() {
      const unused = await ahead;
      if (unused && "remote" in unused) await unused.remote.close();
      await Promise.all(closing);
    },
  };
}
