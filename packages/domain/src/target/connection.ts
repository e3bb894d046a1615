import type { Context } from "../context.ts";
import { isFailureClass } from "../job/failure.ts";
import { CONNECT_SECONDS, MANAGED_SECONDS, READ_SECONDS, within } from "../remote/deadline.ts";
import { isTrusted, portOf, type Reach, type Server } from "../remote/reach.ts";
import { type Exit, type Remote, RemoteError, type RunEvent, type RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import { redactWhole } from "../secret/whole.ts";
import { readPrivateKey } from "./target.ts";

/** @throws RemoteError */
export const openConnection = (ctx: Context, target: Server, reach: Reach, signal?: AbortSignal): Promise<Remote> =>
  within(ctx, target.ssm ? MANAGED_SECONDS : CONNECT_SECONDS, async (late) => {
    const over = signal ? AbortSignal.any([signal, late]) : late;
    const { ssm } = target;
    const remote = ssm
      ? await reach.connectManaged({ instance: target.host, ...ssm }, over)
      : await overSsh(ctx, target, reach, over);
    // The caller has given up.
    if (over.aborted) void remote.close();
    return remote;
  });

async function overSsh(ctx: Context, target: Server, reach: Reach, signal: AbortSignal): Promise<Remote> {
  const [host, key] = await Promise.all([
    reach.resolve(target.host, { allowPrivate: ctx.privateTargets }),
    readPrivateKey(ctx, target.id),
  ]);
  const address = { host, port: portOf(target), user: target.user, hostKey: target.hostKey?.key ?? "" };
  return reach.connect(address, key, signal);
}

/** Asked before an event is searched for secrets, which costs more than all else done with it. */
export type Keeps = (event: RunEvent) => boolean;
const none: Keeps = () => false;

/** Redacts what a server says: all of it that reaches our rows passes through here. Events that `keeps` rejects are dropped. */
export function redactRemote(remote: Remote, redact: Redact, keeps = none): Remote {
  const clean = <T>(told: T): T => redactWhole(told, redact, isFailureClass);
  // A report is compared and not kept; cleaned, it would be compared wrongly.
  const cleaned = ({ report, ...told }: Exit): Exit => ({ ...clean(told), ...(report && { report }) });
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
        .then(cleaned, (error: unknown) => {
          throw withoutSecrets(error, redact);
        }),
  };
}

/** Connection errors quote the server, too. */
export const withoutSecrets = (error: unknown, redact: Redact) =>
  error instanceof RemoteError ? new RemoteError(error.class, redact(error.message), { cause: error.cause }) : error;

/** One read-only request over a connection of its own, with a deadline. @throws RemoteError */
export const ask = (ctx: Context, target: Server, reach: Reach, run: RunInput, redact: Redact): Promise<Exit> =>
  within(ctx, READ_SECONDS, async (signal) => {
    const remote = await openConnection(ctx, target, reach, signal).catch((error: unknown) => {
      throw withoutSecrets(error, redact);
    });
    try {
      return await redactRemote(remote, redact).run(run, () => {}, signal);
    } finally {
      await remote.close();
    }
  });

export interface Connection {
  /** @throws RemoteError, and what the work throws */
  use<T>(redact: Redact, work: (remote: Remote) => Promise<T>, keeps?: Keeps): Promise<T>;
  /** Waits for connections to close. `use` does not, so that what the server said is written meanwhile. */
  close(): Promise<void>;
}

/** The error is kept until the connection is used, so that an unused one fails nobody. */
type Opened = { readonly remote: Remote } | { readonly error: unknown };

/** Opens the first connection at once, while the caller still reads and writes what its work needs; to an untrusted target it opens none. */
export function connectionTo(ctx: Context, target: Server, reach: Reach): Connection {
  const closing: Promise<void>[] = [];
  const open = () =>
    openConnection(ctx, target, reach).then(
      (remote): Opened => ({ remote }),
      (error: unknown): Opened => ({ error }),
    );
  let ahead = isTrusted(target) ? open() : undefined;
  return {
    async use(redact, work, keeps) {
      const opening = ahead ?? open();
      ahead = undefined;
      const opened = await opening;
      if ("error" in opened) throw withoutSecrets(opened.error, redact);
      try {
        return await work(redactRemote(opened.remote, redact, keeps));
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
