/** What a worker does with a server of the lab, said shortly. */
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import { readReport } from "@berth/domain/plan/read-report.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import { planLines } from "@berth/domain/plan/summary.ts";
import type { Exit, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { connectSsh } from "@berth/domain/remote/ssh.ts";
import type { Server } from "./server.ts";

export interface Outcome {
  readonly exit: Exit;
  readonly events: readonly RunEvent[];
}

/** Planned as a worker does it, from what the server reports. */
export const planned = (run: RunInput, onReport: (report: Report) => void = () => {}): RunInput => ({
  ...run,
  values: { ...run.values, ask: "1" },
  async decide(packed) {
    const report = await readReport(packed ?? new Uint8Array());
    onReport(report);
    const plan = planTarget(report);
    return { go: plan.operations.length === 0 ? "unchanged" : "run", plan: planLines(plan, plan.operations, []) };
  },
});

/** One connection and one run; a deploy is planned. `onEvent` sees each event before the outcome has them all. */
export async function runOn(server: Server, input: RunInput, onEvent?: (event: RunEvent) => void): Promise<Outcome> {
  const events: RunEvent[] = [];
  const remote = await connectSsh(server, server.privateKey);
  try {
    const run = input.op === "deploy" && !input.decide ? planned(input) : input;
    const exit = await remote.run(run, (event) => {
      events.push(event);
      onEvent?.(event);
    });
    return { exit, events };
  } finally {
    await remote.close();
  }
}

let jobs = 0;

/** A deploy of a release with its compose.yaml, under a job and a fence of its own unless they are given. */
export function deployOf(release: number, compose: string, input: Partial<RunInput> = {}): RunInput {
  jobs += 1;
  const values = {
    project: "shop-production",
    app_id: "ten_1/app_1",
    release: String(release),
    wait_seconds: "20",
    ...input.values,
  };
  return {
    op: "deploy",
    job: `job_${jobs}`,
    fence: jobs,
    from: 0,
    files: [{ path: "compose.yaml", content: compose }],
    ...input,
    values,
  };
}

/** The two-service app: a counter that publishes port 8080, and the Redis that keeps its visits in a volume. */
export const counterApp = (version: number | string) => `services:
  web:
    image: counter:${version}
    ports: ["8080:80"]
    depends_on: [redis]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/cgi-bin/health"]
      interval: 1s
      timeout: 20s
      retries: 4
  redis:
    image: redis:7
    volumes: ["data:/data"]
volumes:
  data: {}
`;

/** What the app answers from outside. */
export async function visit(server: Server, port = 8080): Promise<string> {
  return (await (await fetch(`http://${server.host}:${port}/`)).text()).trim();
}

/** How many containers the server has made since then (a time as `date +%s.%N` gives it), by service. */
export async function created(server: Server, since: string): Promise<Record<string, number>> {
  const format = '{{index .Actor.Attributes "com.docker.compose.service"}}';
  const out = await server.exec(
    `docker events --since ${since} --until $(date +%s.%N) --filter event=create --filter type=container --format '${format}'`,
  );
  const counts: Record<string, number> = {};
  for (const service of out.split("\n").filter(Boolean)) counts[service] = (counts[service] ?? 0) + 1;
  return counts;
}
