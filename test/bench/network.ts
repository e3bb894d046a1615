import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { asking } from "../../packages/cli/src/api/ask.ts";
import { badNetwork, type Fault, faults } from "../support/bad-network.ts";
import type { Figure } from "./figure.ts";

/** A hotel's page is no answer of ours, and is said at once. */
const passing = (Object.keys(faults) as Fault[]).filter((fault) => fault !== "portal" && fault !== "redirected");

/** Changes sent with a key over a network that spoils the first two tries of each in every way it knows: what arrives, and how often. */
export async function throughBadNetwork(): Promise<Figure> {
  const done = new Map<string, number>();
  const service = createServer((question, answer) => {
    const key = String(question.headers["idempotency-key"]);
    // As the service does: a key it knows is answered, not done again.
    done.set(key, 1);
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ key, text: "x".repeat(2000) }));
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const left = new Map<Fault, number>(passing.map((fault) => [fault, 2]));
  const network = await badNetwork(
    () => url,
    ({ key }) => {
      const fault = key as Fault;
      const more = left.get(fault) ?? 0;
      left.set(fault, more - 1);
      return more > 0 ? fault : undefined;
    },
  );
  try {
    const answers = await Promise.all(
      passing.map(async (fault) => {
        const send = asking(network.url, { agent: "bench" });
        const answer = await send(`${network.url}/v1/x`, { method: "POST", headers: { "idempotency-key": fault } });
        return ((await answer.json()) as { key: string }).key === fault;
      }),
    );
    const right = answers.filter(Boolean).length;
    return {
      what: "changes that come through a bad network, each done once",
      budget: `${passing.length} of ${passing.length}`,
      measured: `${right} of ${passing.length}, ${network.passed.length} requests sent, ${done.size} done`,
      met: right === passing.length && done.size === passing.length,
    };
  } finally {
    await network.close();
    await new Promise((resolve) => service.close(resolve));
  }
}
