import type { Context } from "../context.ts";
import type { Remote } from "../remote/remote.ts";
import { openKey, type StoredTarget } from "../target/target.ts";
import type { Reach } from "./rollout.ts";

/** Connects to a target with its own key. @throws RemoteError */
export async function openLine(ctx: Context, target: StoredTarget, reach: Reach): Promise<Remote> {
  const [host, key] = await Promise.all([
    reach.resolve(target.host, { allowPrivate: ctx.privateTargets }),
    openKey(ctx, target.id),
  ]);
  return reach.connect({ host, port: target.port, user: target.user, hostKey: target.hostKey?.key ?? "" }, key);
}

/** Connections to one target, one after the other or at once. */
export interface Line {
  /** @throws RemoteError, and what the work throws */
  use<T>(work: (remote: Remote) => Promise<T>): Promise<T>;
  /** Hangs up. Before this nobody waits for a connection to close: what the server said is written meanwhile. */
  close(): Promise<void>;
}

/** How a connection turned out: kept until somebody uses it, so that one that nobody uses fails for nobody. */
type Opened = { readonly remote: Remote } | { readonly error: unknown };

/** The first connection is begun at once, while its caller still writes and reads what the work needs; to a target that nobody trusts, none is. */
export function lineTo(ctx: Context, target: StoredTarget, reach: Reach): Line {
  const closing: Promise<void>[] = [];
  const open = () =>
    openLine(ctx, target, reach).then(
      (remote): Opened => ({ remote }),
      (error: unknown): Opened => ({ error }),
    );
  let ahead = target.hostKey && open();
  return {
    async use(work) {
      const opening = ahead ?? open();
      ahead = undefined;
      const opened = await opening;
      if ("error" in opened) throw opened.error;
      try {
        return await work(opened.remote);
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
