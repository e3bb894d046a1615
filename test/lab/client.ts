/** What a worker does with a server of the lab, said shortly. */
import type { Exit, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { connectSsh } from "@berth/domain/remote/ssh.ts";
import type { Server } from "./server.ts";

export interface Outcome {
  readonly exit: Exit;
  readonly events: readonly RunEvent[];
}

/** One connection and one run. `onEvent` sees each event before the outcome has them all. */
export async function runOn(server: Server, input: RunInput, onEvent?: (event: RunEvent) => void): Promise<Outcome> {
  const events: RunEvent[] = [];
  const remote = await connectSsh(server, server.privateKey);
  try {
    const exit = await remote.run(input, (event) => {
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
