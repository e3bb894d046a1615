import { type Carried, carries, type Decision, type Exit, type ExitClass, type RunInput } from "@berth/domain/remote/remote.ts";
import type { Clock } from "./clock.ts";
import type { Agreed, Asking, Run, Server, Watch } from "./server.ts";
import { sha256 } from "./sources.ts";

/** What a server wants of the caller of a run that may begin: an archive, by its name, the decision whether to, or images that another has built. */
export type Next = { readonly wants: string } | { readonly decides: true } | { readonly carries: readonly string[] } | Settled;
type Settled = { readonly answer: Exit } | { readonly follow: Run };
export type Front = Settled | { readonly asks: Asking };

export const verdict = (code: number, kind: ExitClass, message: string, data: Exit["data"] = {}): Exit => ({
  code,
  class: kind,
  step: "preflight",
  message,
  log: [],
  changed: false,
  rolledBack: false,
  data,
});

/** So long a runner waits for the answer whether to begin, or for how long an archive is. */
const ASKS_MILLISECONDS = 60_000;
/** And for the bytes of an archive. */
export const BYTES_MILLISECONDS = 600_000;

/** How the runner asks whether a run may begin, and hears the answer. */
export function createAsking(
  clock: Clock,
  watch: Watch,
  begin: (server: Server, job: string, input: RunInput, plan?: readonly string[], carried?: string) => Exit | undefined,
) {
  /** Nobody else begins meanwhile. */
  function ask(server: Server, job: string, input: RunInput, asks: boolean): Front {
    const other = server.mutation?.job ?? server.asking?.job;
    if (other) return { answer: verdict(75, "busy", `The run ${other} is going on`, { holder: other }) };
    const asking: Asking = { job, input, asks, until: 0 };
    server.asking = asking;
    wait(server, asking, ASKS_MILLISECONDS);
    return { asks: asking };
  }

  function wait(server: Server, asking: Asking, milliseconds: number): void {
    asking.until = clock.now() + milliseconds;
    clock.after(milliseconds, () => asking.until <= clock.now() && forget(server, asking));
  }

  /** The caller is gone, or was too late. */
  function forget(server: Server, asking: Asking): void {
    if (server.asking === asking) server.asking = undefined;
  }

  /** Undefined where nobody waits for the caller any more. */
  function next(server: Server, asking: Asking): Next | undefined {
    if (server.asking !== asking) return undefined;
    const canceled = server.runs.get(asking.job)?.exit !== undefined;
    const { list = [], mounted = [] } = (canceled ? undefined : asking.input.archives) ?? {};
    const { project = "", release } = asking.input.values;
    const isThere = server.projects.get(project)?.composes.has(Number(release));
    const lacking = [...list, ...(isThere ? [] : mounted)].find(({ hash }) => !server.archives.has(hash));
    wait(server, asking, ASKS_MILLISECONDS);
    if (lacking) return { wants: lacking.hash };
    return asking.asks && !canceled ? { decides: true } : settle(server, asking);
  }

  /** The caller has said how long an archive is, and its bytes are on their way. */
  const receives = (server: Server, asking: Asking) => wait(server, asking, BYTES_MILLISECONDS);

  /** An archive has come, or as much of it as came before the line broke; a length of 0 says that it is no longer kept. */
  function arrive(server: Server, asking: Asking, hash: string, size: number, bytes: string): Next | undefined {
    if (server.asking !== asking) return undefined;
    if (size === 0) {
      forget(server, asking);
      return { answer: verdict(1, "archive.gone", "What it is built from is no longer kept") };
    }
    if (sha256(bytes) !== hash) {
      forget(server, asking);
      return undefined;
    }
    watch.arrived(server, hash, bytes);
    server.archives.set(hash, bytes);
    return next(server, asking);
  }

  /** Undefined where nobody waits for the answer any more. */
  function reply(server: Server, asking: Asking, decision: Decision): Next | undefined {
    if (server.asking !== asking || asking.decision) return undefined;
    if ("no" in decision) {
      forget(server, asking);
      watch.refused(server, asking, decision);
      return guard(server, asking) ?? { answer: verdict(1, decision.no, decision.reasons.join("\n")) };
    }
    if (!carries(decision)) return settle(server, asking, decision);
    asking.decision = decision;
    wait(server, asking, BYTES_MILLISECONDS);
    return { carries: ["web"] };
  }

  /** The image of another server has come, or why it does not. */
  function bring(server: Server, asking: Asking, carried: Carried, image: string): Next | undefined {
    if (server.asking !== asking || !asking.decision) return undefined;
    if (!("gone" in carried)) return settle(server, asking, asking.decision, image);
    forget(server, asking);
    return { answer: verdict(1, "image.gone", carried.gone) };
  }

  function settle(server: Server, asking: Asking, decision?: Agreed, carried?: string): Settled {
    forget(server, asking);
    const { job, input } = asking;
    const refused = guard(server, asking);
    if (refused) return refused;
    const run = server.runs.get(job);
    if (run?.exit) return { follow: run }; // it was canceled meanwhile
    if (decision) watch.agreed(server, asking, decision);
    const busy = begin(server, job, input, decision?.plan, carried);
    return busy ? { answer: busy } : { follow: server.runs.get(job) as Run }; // it has just begun
  }

  function guard(server: Server, { input }: Asking): Settled | undefined {
    const stored = server.fences.get(input.values.resource ?? "server") ?? 0;
    if (input.fence >= stored) return undefined;
    return { answer: verdict(76, "fence", `A caller with the higher fence ${stored} has been here`) };
  }

  return { ask, next, receives, arrive, reply, bring, forget };
}
