import type { Decision, Exit, ExitClass, RunInput } from "@berth/domain/remote/remote.ts";
import type { Clock } from "./clock.ts";
import type { Asking, Run, Server, Watch } from "./server.ts";

export type Front = { readonly answer: Exit } | { readonly follow: Run } | { readonly asks: Asking };

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

/** So long a runner waits for the answer whether to begin. */
const ASKS_MILLISECONDS = 60_000;

/** How the runner asks whether a run may begin, and hears the answer. */
export function createAsking(
  clock: Clock,
  watch: Watch,
  begin: (server: Server, job: string, input: RunInput) => Exit | undefined,
) {
  /** Nobody else begins meanwhile. */
  function ask(server: Server, job: string, input: RunInput): Front {
    const other = server.mutation?.job ?? server.asking?.job;
    if (other) return { answer: verdict(75, "busy", `The run ${other} is going on`, { holder: other }) };
    const asking = { job, input };
    server.asking = asking;
    clock.after(ASKS_MILLISECONDS, () => forget(server, asking));
    return { asks: asking };
  }

  /** The caller is gone, or was too late. */
  function forget(server: Server, asking: Asking): void {
    if (server.asking === asking) server.asking = undefined;
  }

  /** Undefined where nobody waits for the answer any more. */
  function reply(server: Server, asking: Asking, decision: Decision): Front | undefined {
    if (server.asking !== asking) return undefined;
    forget(server, asking);
    const { job, input } = asking;
    const stored = server.fences.get(input.values.resource ?? "server") ?? 0;
    if (input.fence < stored) return { answer: verdict(76, "fence", `A caller with the higher fence ${stored} has been here`) };
    if ("no" in decision) return { answer: verdict(1, decision.no, decision.reasons.join("\n")) };
    const canceled = server.runs.get(job)?.exit;
    if (canceled) return { follow: server.runs.get(job) as Run }; // as was just seen
    watch.agreed(server, asking, decision);
    const busy = begin(server, job, input);
    return busy ? { answer: busy } : { follow: server.runs.get(job) as Run }; // it has just begun
  }

  return { ask, reply, forget };
}
