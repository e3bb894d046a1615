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

/** The first connection is begun at once, while its caller still writes and reads what the work needs; to a target that nobody trusts, none is. */
export function lineTo(ctx: Context, target: StoredTarget, reach: Reach): Line {
  const closing: Promise<void>[] = [];
  let ahead = target.hostKey && openLine(ctx, target, reach);
  ahead?.catch(() => {}); // whoever uses it is told; if nobody does, it failed for nobody
  const take = () => {
    const taken = ahead ?? openLine(ctx, target, reach);
    ahead = undefined;
    return taken;
  };
  return {
    async use(work) {
      const remote = await take();
      try {
        return await work(remote);
      } finally {
        closing.push(remote.close());
      }
    },
    async close() {
      if (ahead)
        await ahead.then(
          (remote) => remote.close(),
          () => {},
        );
      await Promise.all(closing);
    },
  };
}
