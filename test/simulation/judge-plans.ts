import type { Making } from "@berth/domain/plan/making.ts";
import { operationLines } from "@berth/domain/plan/summary.ts";
import type { Decision, RunInput } from "@berth/domain/remote/remote.ts";
import { jobOf, type Known } from "./known.ts";
import { planOn } from "./reporting.ts";
import type { Asking, Run, Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** Holds plans, and runs that were planned, to what is promised of them. */
export function judgePlans({ violate }: Stage, known: Known, highest: (server: Server, resource: string) => number) {
  /** By how what is built would be got: only the deployment tells which server builds for the others. */
  const plans = new Map<string, { readonly build: string; readonly carry: string }>();
  const answered = new Set<Asking>();
  const agreed = new Set<string>();
  const whole = (server: Server, input: RunInput, making: Making) => {
    const { operations, services, risks } = planOn(server, input, making);
    return JSON.stringify({ operations, services, risks });
  };

  /** What was there for a plan to change. */
  const states = new Map<string, string>();
  const stateOf = ({ projects }: Server, { values }: RunInput) => {
    const { current, serves, image, stopped, source } = projects.get(values.project ?? "") ?? {};
    return JSON.stringify({ current, serves, image, stopped, source });
  };

  return {
    planned(server: Server, input: RunInput): void {
      const plan = known.jobs.get(jobOf(input.job))?.input?.plan;
      states.set(`${plan} ${server.host}`, stateOf(server, input));
      plans.set(`${plan} ${server.host}`, { build: whole(server, input, "build"), carry: whole(server, input, "carry") });
    },
    agreed(server: Server, asking: Asking, decision: Decision): void {
      const { input, job: run } = asking;
      const at = `${run} on ${server.host}`;
      agreed.add(at);
      if (answered.has(asking)) violate("15 a question is answered once", at);
      answered.add(asking);
      const resource = input.values.resource ?? "server";
      if (input.fence < highest(server, resource)) violate("15 who holds the lease answers", `${at} with ${input.fence}`);
      const job = known.jobs.get(jobOf(run));
      if (!job || "no" in decision) return;
      const making = input.values.carried ? "carry" : "build";
      const now = planOn(server, input, making);
      const lines = operationLines(now.operations).join("\n");
      if (decision.plan.slice(1, 1 + now.operations.length).join("\n") !== lines)
        violate("15 what is applied was planned", `${at}: ${decision.plan.join(", ")}`);
      const plan = job.input?.plan;
      if (plan && plans.get(`${plan} ${server.host}`)?.[making] !== whole(server, input, making))
        violate("15 a stale plan never begins", `${at}, of ${plan}`);
      if (now.risks.length > 0 && !job.again && job.input?.dataRisk !== "accepted")
        violate("15 data at risk is accepted first", `${at}: ${now.risks.map(({ risk }) => risk).join(", ")}`);
    },
    refused(server: Server, { input, job: run }: Asking, decision: Decision): void {
      const plan = known.jobs.get(jobOf(run))?.input?.plan;
      if ("no" in decision && decision.no === "plan.stale" && states.get(`${plan} ${server.host}`) === stateOf(server, input))
        violate("15 a plan that holds is applied", `${run} on ${server.host}: ${decision.reasons.join(", ")}`);
    },
    began(server: Server, run: Run): void {
      const at = `${run.job} on ${server.host}`;
      if (run.input.op === "deploy" && run.life === 1 && !agreed.has(at)) violate("15 nothing begins unplanned", at);
    },
  };
}
