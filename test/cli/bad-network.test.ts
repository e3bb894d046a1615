import { body } from "@berth/api-client/client.ts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../packages/cli/src/api/client.ts";
import { follow } from "../../packages/cli/src/job/follow.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { type BadNetwork, badNetwork, type Fault, faults, type Passed } from "../support/bad-network.ts";
import { allGood, succeeded } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
const compose = "services:\n  web:\n    image: registry.test/web:1\n";
const all = Object.keys(faults) as Fault[];
const isDeploy = ({ method, path }: Pick<Passed, "method" | "path">) => method === "POST" && path.endsWith("/deployments");
const isPoll = ({ path }: Pick<Passed, "path">) => path.includes("/events");

let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let choose: (question: Omit<Passed, "fault">, nth: number) => Fault | undefined = () => undefined;
let network: BadNetwork;
let cwd = "";
const figures: string[] = [];
const quick = { waits: [1], patience: 30_000, reading: 30_000, changing: 30_000 };

beforeAll(async () => {
  tenant = await cli.tenant();
  await tenant.target("web1");
  await tenant.app("shop");
  await tenant.work(await tenant.deploy("shop"));
  cwd = await cli.folder({ "compose.yaml": compose, "berth.yaml": "app: shop\n" });
  network = await badNetwork(
    () => cli.url,
    (question, nth) => choose(question, nth),
  );
});
afterEach(() => {
  choose = () => undefined;
});
afterAll(async () => {
  await network.close();
  process.stdout.write(`bad network: ${figures.join("; ")}\n`);
});

const berth = (args: readonly string[]) => cli.berth(args, { cwd, token: tenant.secret, env: { BERTH_URL: network.url } });
const releases = async () =>
  (await cli.berth(["releases", "shop", "--json"], { token: tenant.secret })).json.items.map(
    ({ number }: { number: number }) => number,
  );
/** The first `times` of the questions that are meant go wrong. */
const first = (times: number, fault: Fault, meant: (question: Pick<Passed, "method" | "path">) => boolean) => {
  let left = times;
  choose = (question) => (meant(question) && left-- > 0 ? fault : undefined);
};
describe("a deploy that succeeds is never reported as failed", () => {
  // A page of a hotel's is no answer to a deploy: it is said at once, and nothing was sent on.
  const repeated = all.filter((fault) => fault !== "portal" && fault !== "redirected");

  test.each(repeated.map((fault) => [faults[fault], fault] as const))(
    "when %s, on its own way and on that of the first news: it is sent again with its key, and there is one release",
    async (_, fault) => {
      const before = await releases();
      const from = network.passed.length;
      const left = { deploy: 2, news: 2 };
      choose = (question) =>
        (isDeploy(question) && left.deploy-- > 0) || (isPoll(question) && left.news-- > 0) ? fault : undefined;
      const run = await berth(["deploy", "--json"]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.lines.at(-1)).toMatchObject({ type: "result", status: "succeeded" });
      const sent = network.passed.slice(from);
      const deploys = sent.filter(isDeploy);
      expect(deploys).toHaveLength(3);
      expect(new Set(deploys.map(({ key }) => key)).size).toBe(1);
      expect(await releases()).toHaveLength(before.length + 1);
      const spoilt = sent.filter(({ fault }) => fault !== undefined).length;
      expect(spoilt).toBe(4);
      figures.push(`${fault}: ${spoilt} of ${sent.length} spoilt, 1 release`);
    },
  );

  test.each(["portal", "redirected"] as const)(
    "when its news are answered by a hotel (%s), which is waited out",
    async (fault) => {
      first(2, fault, isPoll);
      const run = await berth(["deploy", "--json"]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.lines.at(-1)).toMatchObject({ type: "result", status: "succeeded" });
    },
  );

  test("and a network that was gone is said once, where nobody can see a line being redrawn", async () => {
    first(6, "reset", isPoll);
    const run = await berth(["deploy"]);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stderr.match(/The job goes on; trying again/g)).toHaveLength(1);
    expect(run.stderr).toContain("Berth answers again.");
  });

  test("a request of ours that is refused ends the watch", async () => {
    const api = connect(network.url, { agent: "test", token: "nonsense" });
    const watched = (async () => {
      for await (const _ of follow(api, "job_1")) throw new Error("there is no such job");
    })();
    await expect(watched).rejects.toMatchObject({ problem: { code: "auth.required" } });
  });

  test("what is not known after all that is said not to be known, with the job to ask for", async () => {
    choose = () => "html";
    const api = connect(network.url, {
      agent: "test",
      token: tenant.secret,
      times: quick,
    });
    const lost: string[] = [];
    const error = await (async () => {
      for await (const _ of follow(api, "job_1", { lost: 200, again: 20, onLost: (why) => lost.push(why) }))
        throw new Error("nothing can be known");
    })().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ exit: 3, problem: { code: "cli.unknown", next: ["berth jobs watch job_1"] } });
    expect(lost.length).toBeGreaterThan(0);
    expect(lost[0]).toContain("502");
  });
});

describe("an answer", () => {
  const me = () => body(connect(network.url, { agent: "test", token: tenant.secret, times: quick }).v1.me.$get());

  test.each(["headers", "half", "short", "lost"] as const)("that is read is asked for again when cut (%s)", async (fault) => {
    first(3, fault, ({ path }) => path === "/v1/me");
    expect(await me()).toMatchObject({ tenant: tenant.id });
  });

  test.each(all)("that never comes whole (%s) is a refusal with a reason", async (fault) => {
    choose = () => fault;
    const error = await me().catch((thrown: unknown) => thrown);
    if (!(error instanceof Refused)) throw error;
    expect(error.problem.code).toBe(["portal", "redirected"].includes(fault) ? "cli.unexpected" : "cli.unreachable");
    expect(error.problem.detail).toMatch(/^http.*\w.*\w\.$/);
    expect(error.problem.detail).not.toMatch(/: \.$|undefined/);
  });

  test("that is cut every time is not called a mistake of this program's own", async () => {
    choose = () => "half";
    const run = await berth(["whoami"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("✗ Berth cannot be reached");
    expect(run.stderr).not.toContain("itself failed");
  });

  test("that leads elsewhere says where", async () => {
    choose = () => "redirected";
    const run = await berth(["whoami"]);
    expect(run.stderr).toContain("answered 302: it leads to http://hotel.example/welcome");
    expect(run.stderr).toContain("--url http://hotel.example/welcome");
  });

  test.each(["lost", "half", "html"] as const)(
    "to what cannot be repeated is said to be unknown when %s, and it is sent once",
    async (fault) => {
      const job = (await cli.berth(["jobs", "list", "--json"], { token: tenant.secret })).json.items[0].id;
      const from = network.passed.length;
      choose = ({ path }) => (path.endsWith("/cancel") ? fault : undefined);
      const run = await berth(["jobs", "cancel", job, "--json"]);
      expect(network.passed.slice(from)).toHaveLength(1);
      // The job has ended: a refusal that was cut is as unknown as a success.
      expect(run).toMatchObject({ code: 3 });
      expect(run.json).toMatchObject({ code: "cli.unknown", next: ["berth jobs list"] });
    },
  );

  test.each(["limited", "reset"] as const)("to what cannot be repeated: %s", async (fault) => {
    const job = (await cli.berth(["jobs", "list", "--json"], { token: tenant.secret })).json.items[0].id;
    first(1, fault, ({ path }) => path.endsWith("/cancel"));
    const run = await berth(["jobs", "cancel", job, "--json"]);
    // 429: nothing was done, so it is sent again and the service itself answers. A cut: it may have been done.
    expect(run.json.code).toBe(fault === "limited" ? "job.ended" : "cli.unknown");
  });
});

test.each((["reset", "portal", "half"] as const).map((fault) => [faults[fault], fault] as const))(
  "logs that are followed go on, with no line lost or told twice, after %s six times in a row",
  async (_, fault) => {
    const server = speaking();
    cli.reach.always((input, tell, signal) => (input.op === "logs" ? server.play(input, tell, signal) : succeeded()));
    let polls = 0;
    choose = ({ path }) => (path.includes("/v1/logs/") && ++polls > 2 && polls <= 8 ? fault : undefined);
    let said = 0;
    const timer = setInterval(() => server.say(`line ${said++}`), 100);
    const run = await cli
      .berth(["logs", "shop", "--follow", "--json"], {
        cwd,
        token: tenant.secret,
        env: { BERTH_URL: network.url },
        watch: (text, child) => void (polls > 9 && text.includes('"log"') && child.kill("SIGINT")),
      })
      .finally(() => clearInterval(timer));
    cli.reach.always(allGood);
    expect(run.code).toBe(130);
    expect(polls).toBeGreaterThan(9);
    const texts = run.lines.map(({ text }) => text);
    expect(texts).toEqual(Array.from({ length: texts.length }, (_, i) => `line ${i}`));
  },
);
