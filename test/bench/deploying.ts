/** One deploy of one app, asked of the API directly, and when its parts were seen in the table. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "@berth/local/cloud.ts";
import type { Stage } from "../e2e/stage.ts";

export interface Deployed {
  readonly status: string;
  /** From the commit that accepted the job until the server's first event was kept. */
  readonly firstEventMs: number;
  /** From the request until the commit that ended the job. */
  readonly wholeMs: number;
}

/** A small service with a health check of a second; every mark is a release of its own. */
export const composeOf = (mark: string) => `services:
  web:
    image: busybox:1.36
    stop_signal: SIGKILL
    command: ["sh", "-c", "echo ready >/tmp/ready; exec sleep 100000"]
    environment: { MARK: "${mark}" }
    healthcheck:
      test: ["CMD", "test", "-e", "/tmp/ready"]
      interval: 1s
      timeout: 20s
`;

/** Asks for a deploy and watches the table, without reading it, until the job has ended. `key`: another one asks for the same again. */
export async function deployOnce(
  stage: Stage,
  app: string,
  mark: string,
  targets?: readonly string[],
  key = mark,
): Promise<Deployed> {
  const cloud = stage.cloud();
  let [accepted, first, ended] = [0, 0, 0];
  let status = "";
  let id = "";
  const stop = cloud.dynamodb.onRecord(({ eventName, dynamodb }) => {
    const pk = dynamodb.Keys?.pk?.S ?? "";
    const sk = dynamodb.Keys?.sk?.S ?? "";
    const image = dynamodb.NewImage;
    if (sk.startsWith("JOB#") && image?.app?.S === app) {
      id ||= sk.slice("JOB#".length);
      if (eventName === "INSERT") accepted = performance.now();
      status = image.status?.S ?? "";
      if (["succeeded", "failed", "canceled"].includes(status)) ended ||= performance.now();
    } else if (id !== "" && pk.includes(`JOB#${id}#`)) first ||= performance.now();
  });
  try {
    const asked = performance.now();
    const bundle = { compose: composeOf(mark), files: [], variables: {} };
    const answer = await fetch(`${cloud.origin}/v1/apps/${app}/deployments`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.token}`, "content-type": "application/json", "idempotency-key": `bench-${key}` },
      body: JSON.stringify({ bundle, ...(targets && { targets }) }),
    });
    if (answer.status !== 202) throw new Error(`the deploy of ${app} was answered ${answer.status}: ${await answer.text()}`);
    const until = Date.now() + 240_000;
    while (ended === 0 && Date.now() < until) await sleep(5);
    if (ended === 0) throw new Error(`the deploy of ${app} did not end`);
    return { status, firstEventMs: first - accepted, wholeMs: ended - asked };
  } finally {
    stop();
  }
}

/** Waits until what follows a job's end (its messages, the relay) has been spent too. */
export async function quiet(cloud: Cloud): Promise<void> {
  const jobs = cloud.sqs.queues.get("berth-jobs");
  for (let still = 0; still < 6; ) {
    await sleep(500);
    const { visible = 0, inFlight = 0 } = jobs?.counts() ?? {};
    still = visible + inFlight === 0 ? still + 1 : 0;
  }
}
