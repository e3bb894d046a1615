import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asking } from "../../packages/cli/src/api/ask.ts";
import { connect } from "../../packages/cli/src/api/client.ts";
import { follow } from "../../packages/cli/src/job/follow.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let answer: Answer = (_, response) => void response.end();
const asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
  answer(request, response, asked.length);
});
let url = "";
beforeEach(async () => {
  asked.length = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) => {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
};
const problem = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refused)) throw error ?? new Error("it was not refused");
  return error.problem;
};
const fetching = (options = {}) => asking(url, { agent: "test", ...options });

describe("a request", () => {
  test("that reads is repeated while the gateway fails, and its answer is used", async () => {
    answer = (_, response, count) =>
      count < 3 ? void response.writeHead(502).end("bad gateway") : json(response, 200, { items: [] });
    const api = connect(url, { agent: "test" });
    expect(await (await api.v1.plans.$get()).json()).toEqual({ items: [] });
    expect(asked).toHaveLength(3);
  });

  test("whose connection is cut is repeated with the same Idempotency-Key and body", async () => {
    answer = (request, response, count) => (count === 1 ? void request.socket.destroy() : json(response, 201, {}));
    await fetching()(`${url}/v1/apps`, { method: "POST", headers: { "idempotency-key": "k1" }, body: "b" });
    expect(asked.map(({ body, headers }) => [body, headers["idempotency-key"]])).toEqual([
      ["b", "k1"],
      ["b", "k1"],
    ]);
  });

  test("that changes something and has no key is never sent twice", async () => {
    answer = (request) => void request.socket.destroy();
    const refused = await problem(fetching()(`${url}/v1/x`, { method: "POST", body: "b" }));
    expect(refused.code).toBe("cli.unknown");
    expect(asked).toHaveLength(1);
  });

  test("that the service is busy with is repeated a second later", async () => {
    const busy = { code: "idempotency.busy", title: "busy", status: 409, next: [] };
    answer = (_, response, count) => (count === 1 ? json(response, 409, busy) : json(response, 200, {}));
    const began = Date.now();
    await fetching()(`${url}/v1/x`, { method: "POST", headers: { "idempotency-key": "k" } });
    expect(asked).toHaveLength(2);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000);
  });

  test("that is refused is not repeated", async () => {
    answer = (_, response) =>
      json(response, 409, { code: "app.exists", title: "There is an app with that name", status: 409, next: [] });
    expect(await problem(fetching()(`${url}/v1/apps`, { method: "POST", headers: { "idempotency-key": "k" } }))).toMatchObject({
      code: "app.exists",
    });
    expect(asked).toHaveLength(1);
  });

  test("carries the token and is never led elsewhere with it", async () => {
    answer = (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:9/steal" }).end();
    expect((await problem(fetching({ token: "secret" })(`${url}/v1/me`))).code).toBe("cli.unexpected");
    expect(asked[0]?.headers.authorization).toBe("Bearer secret");
    expect(asked).toHaveLength(1);
  });
});

describe("the command", () => {
  test("says so when nothing answers, to people and to programs, after trying again", async () => {
    const env = { BERTH_URL: "http://127.0.0.1:2", BERTH_TOKEN: "x" };
    const [people, program] = await Promise.all([cli.berth(["whoami"], { env }), cli.berth(["whoami", "--json"], { env })]);
    expect(people).toMatchObject({ code: 1, stdout: "" });
    expect(people.stderr).toContain("✗ Berth cannot be reached\n  http://127.0.0.1:2: nothing listens there.");
    expect(program.json).toMatchObject({ code: "cli.unreachable" });
  });

  test.each([[["usage"]], [["usage", "--json"]]])(
    "says whom it waits for while an answer does not come, beside the answer: %j",
    async (args) => {
      let held: ServerResponse | undefined;
      answer = (_, response) => {
        held = response;
      };
      let said = "";
      const watch = (text: string) => {
        said += text;
        // The service answers only once the wait was told: a command that says nothing never ends.
        if (said.includes(`Waiting for ${url} to answer`) && held) {
          json(held, 404, { code: "app.not_found", title: "No such app", status: 404, next: [] });
          held = undefined;
        }
      };
      const run = await cli.berth(args, { env: { BERTH_URL: url, BERTH_TOKEN: "x" }, watch });
      expect(run.stderr.match(/Waiting for/g)).toHaveLength(1);
      expect(run.code).toBe(1);
      if (args.includes("--json")) expect(run.json).toMatchObject({ code: "app.not_found" });
    },
  );

  test("says nothing of a wait that it asked for", async () => {
    let slow = 0;
    answer = (_, response) => void setTimeout(() => json(response, 200, {}), 3500);
    await fetching({ onSlow: () => slow++ })(`${url}/v1/jobs/job_1/events?wait=20`);
    expect(slow).toBe(0);
  });

  test("says so when something else answers", async () => {
    answer = (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>hi");
    const run = await cli.berth(["whoami"], { env: { BERTH_URL: url, BERTH_TOKEN: "x" } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("That answer does not come from Berth");
  });

  test("names the service's request when the service itself failed", async () => {
    answer = (_, response) =>
      json(response, 500, { code: "internal", title: "Something failed on our side", status: 500, next: [], request: "req_1" });
    const run = await cli.berth(["usage"], { env: { BERTH_URL: url, BERTH_TOKEN: "x" } });
    expect(run.stderr).toContain("Request req_1");
  });

  test("prints nothing of a hostile service that a terminal would obey", async () => {
    answer = (_, response) =>
      json(response, 404, {
        code: "app.not_found",
        title: "\x1b]0;owned\x07No\x1b[2J app",
        detail: "a\r\nb\u202e",
        status: 404,
        next: ["berth \x1b[31mx"],
      });
    const run = await cli.berth(["usage"], { env: { BERTH_URL: url, BERTH_TOKEN: "x" } });
    expect(run.stderr).toBe("✗ No app\n  a b\n  Try:\n    berth x\n");
  });
});

test("a job that is followed is asked for as it is, then for what is newer than the state and the events last seen", async () => {
  const states = [
    { version: 3, next: "tgt_1:1", done: false },
    { version: 3, next: "", done: false },
    { version: 5, next: "tgt_1:9", done: true },
  ];
  answer = (_, response, count) => {
    const { version, ...page } = states[count - 1] ?? { version: 0, done: true };
    json(response, 200, { items: [], ...page, job: { id: "job_1", version } });
  };
  const versions = [];
  for await (const page of follow(connect(url, { agent: "test" }), "job_1", { after: "tgt_1:0" }))
    versions.push(page.job.version);
  expect(versions).toEqual([3, 3, 5]);
  const queries = asked.map((each) => Object.fromEntries(new URL(each.url, url).searchParams));
  expect(queries).toEqual([
    { after: "tgt_1:0", wait: "0" },
    { after: "tgt_1:1", wait: "20", seen: "3" },
    { after: "tgt_1:1", wait: "20", seen: "3" },
  ]);
});

test("an app's name never changes which address is asked", async () => {
  answer = (_, response) => json(response, 404, { code: "app.not_found", title: "No such app", status: 404, next: [] });
  for (const name of ["../../v1/me", "a/b", "x?y=1", "index", "%2e%2e", "#"])
    await cli.berth(["app", "status", name], { env: { BERTH_URL: url, BERTH_TOKEN: "x" } });
  expect(asked.map((each) => each.url)).toEqual([
    "/v1/apps/..%2F..%2Fv1%2Fme/status?fresh=true",
    "/v1/apps/a%2Fb/status?fresh=true",
    "/v1/apps/x%3Fy%3D1/status?fresh=true",
    "/v1/apps/index/status?fresh=true",
    "/v1/apps/%252e%252e/status?fresh=true",
    "/v1/apps/%23/status?fresh=true",
  ]);
});
