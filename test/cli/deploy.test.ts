import { accountKey } from "@berth/domain/entitlement/account.ts";
import { putOne } from "@berth/domain/table.ts";
import { describe, expect, test } from "vitest";
import { failed } from "../support/reach.ts";
import { berth, cli, compose, type Play, tenant, useShop } from "./deploys.ts";

useShop();

const unhealthy: Play = (_, tell) => {
  for (const step of ["preflight", "pull", "start", "verify", "restore"]) tell({ type: "step", step });
  return failed({
    class: "unhealthy",
    step: "verify",
    service: "web",
    message: "web is unhealthy: connection refused",
    log: ["Error: no database", "exiting"],
    changed: true,
    rolledBack: true,
  });
};

describe("a deploy", () => {
  test("of a folder makes the app, sends the bundle, tells every step and ends with what is live where", async () => {
    await tenant.target("web1");
    await tenant.target("web2");
    const run = await berth(["deploy", "--yes", "--target", "web1,web2", "--note", "first"]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/\d\.\d s {2}web1 {2}preflight\n/);
    expect(run.stdout).toMatch(/\d\.\d s {2}web2 {2}pull\n/);
    expect(run.stdout).toMatch(/✓ Release 1 is live on web1, web2 \(\d+\.\d s\)\n/);
    // Where the app is, and where the deploy can be looked at.
    const address = "http://127.0.0.1:8080";
    expect(run.stdout).toContain(`  web on web1: ${address}\n  web on web2: ${address}\n`);
    expect(run.stdout).toMatch(new RegExp(`\n {2}Job ${cli.url}/jobs/job_\\w+\n$`));
    expect(run.stderr).toContain('App "shop", from the folder\'s name');
    expect(run.stderr).not.toContain("down for a moment"); // nothing is there yet that could
    const releases = await berth(["releases", "--json"]);
    expect(releases.json.items).toMatchObject([{ number: 1, note: "first", services: [{ name: "web" }, { name: "redis" }] }]);
    const sent = cli.reach.runs.findLast(({ op }) => op === "deploy");
    expect(sent?.files.find(({ path }) => path === "compose.yaml")?.content).toBe(compose);
  });

  test("with a server that builds for the others names it, and one that is none of them is refused", async () => {
    await tenant.target("web1");
    await tenant.target("web2", "127.0.0.2");
    await tenant.app("shop");
    const both = ["deploy", "-t", "web1", "-t", "web2"];
    const refused = await berth([...both, "--build-on", "web9"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('"web9" is none of the targets that it goes to: web1, web2');
    expect((await berth([...both, "--build-on", "web2"])).code).toBe(0);
    const [first, second] = cli.reach.runs.filter(({ op }) => op === "deploy").slice(-2);
    expect([first?.at, second?.at, second?.values.carried]).toEqual(["127.0.0.2", "127.0.0.1", "1"]);
  });

  test("with an image for a service sends that, says when it is only a tag, and the release shows it", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    const digest = `ghcr.io/acme/web@sha256:${"a".repeat(64)}`;
    const run = await berth(["deploy", "--image", `web=${digest}`, "--image", "redis=redis:8"]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("Named by a tag");
    expect(run.stderr).toContain("redis:8. A digest");
    const sent = cli.reach.runs.findLast(({ op }) => op === "deploy");
    expect(sent?.files.find(({ path }) => path === ".berth-images.yaml")?.content).toContain(`image: "${digest}"`);
    expect((await berth(["releases", "--json"])).json.items[0].services).toEqual([
      { name: "web", image: digest, given: true },
      { name: "redis", image: "redis:8", given: true },
    ]);
    for (const [given, said] of [
      ["web", "does not name a service and its image"],
      ["web=-v", "is not the name of an image"],
      ["web=a:1,web=b:1", "names two images"],
    ] as const) {
      const refused = await berth(["deploy", "--image", given]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(said)]);
    }
    expect(
      (await berth(["deploy", "--image", "none=a:1", "--json"])).stderr + (await berth(["deploy", "--image", "none=a:1"])).stderr,
    ).toContain("The services are web, redis.");
  });

  test("says beforehand which services are down for a moment, and goes to where the app is already", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    await berth(["deploy"]);
    await tenant.target("web2");
    const run = await berth(["deploy"]);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("web publishes port 8080 on the server, so it is down for a moment if it is replaced");
    expect(run.stdout).toContain("Release 2 is live on web1 (");
  });

  test("that does not become healthy ends with 1, the step, the container's words, what serves now and what to do", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    await berth(["deploy"]);
    cli.reach.next(unhealthy);
    const run = await berth(["deploy"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("✗ Release 2 did not go live on web1");
    expect(run.stderr).toContain("web1  unhealthy, in verify, service web");
    expect(run.stderr).toContain("web is unhealthy: connection refused");
    expect(run.stderr).toContain("Now: Release 1 serves again.");
    expect(run.stderr).toContain("What to do: See the last lines of web below");
    expect(run.stderr).toContain("  │ Error: no database\n  │ exiting\n");
    // What `berth logs` shows is the release that serves again.
    expect(run.stderr).not.toContain("berth logs");
    expect(run.stderr).toMatch(/Try:\n {2}berth jobs show job_\w+\n {2}berth jobs watch job_\w+ --verbose/);
    expect(run.stdout).not.toContain("✓");
  });

  test("tells a program the same as JSON lines with the result last", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    cli.reach.next(unhealthy);
    const run = await berth(["deploy", "--json"]);
    const [first, ...rest] = run.lines;
    expect(run).toMatchObject({ code: 1, stderr: "" });
    expect(first).toMatchObject({ type: "accepted", job: { status: "queued", release: 1 } });
    expect(rest.slice(0, -1).map(({ step }) => step)).toEqual(["preflight", "pull", "start", "verify", "restore"]);
    expect(rest.at(-1)).toMatchObject({
      type: "result",
      status: "failed",
      exit: 1,
      job: { failure: { class: "unhealthy", step: "verify", service: "web", rolledBack: true } },
      next: [expect.stringContaining("berth jobs show job_"), expect.stringContaining("berth jobs watch")],
    });
  });

  test("without a terminal does not make an app unasked, and says how it is made", async () => {
    await tenant.target("web1");
    const run = await berth(["deploy", "--json"]);
    expect(run.code).toBe(1);
    expect(run.json).toMatchObject({ code: "app.not_found", next: ["berth deploy --yes", "berth app init shop"] });
    expect((await berth(["app", "list", "--json"])).json.items).toEqual([]);
  });

  test("with several servers to choose from names them", async () => {
    await tenant.target("web1");
    await tenant.target("web2");
    await tenant.app("shop");
    const { json } = await berth(["deploy", "--json"]);
    expect(json).toMatchObject({
      code: "deployment.no_target",
      next: ["berth deploy --target web1", "berth deploy --target web2"],
    });
  });

  test("takes app, environment and servers from berth.yaml, and flags win over it", async () => {
    await tenant.target("web1");
    await tenant.target("web2");
    const folder = await cli.folder({
      "compose.yml": compose,
      "berth.yaml": "app: store\nenvironment: staging\ntargets: [web2]\n",
    });
    const from = await berth(["deploy", "--yes", "--json"], { cwd: folder });
    expect(from.lines[0].job).toMatchObject({ app: "store", environment: "staging" });
    expect(Object.values(from.lines.at(-1).job.rollouts)).toMatchObject([{ name: "web2", status: "succeeded" }]);
    const flags = await berth(["deploy", "--yes", "--app", "other", "-e", "production", "-t", "web1", "--json"], { cwd: folder });
    expect(flags.lines[0].job).toMatchObject({ app: "other", environment: "production" });
    expect(Object.values(flags.lines[0].job.rollouts)).toMatchObject([{ name: "web1" }]);
  });

  test("with --detach leaves it to itself and says how to follow it", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    const run = await berth(["deploy", "--detach"]);
    expect(run.code).toBe(0);
    const id = /berth jobs watch (job_\w+)/.exec(run.stdout)?.[1] ?? "";
    const watched = await berth(["jobs", "watch", id]);
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining("Release 1 is live on web1") });
  });

  test("that is refused for the bill says until when, and where to fix it, once", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    await tenant.entitle("grace");
    const run = await berth(["deploy"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("✗ A payment failed, so changes are paused");
    expect(run.stderr).toContain(`Fix it here: ${cli.url}/billing`);
    expect(run.stderr.match(/payment failed/g)).toHaveLength(2); // title and detail; no banner on top
    const other = await berth(["app", "list"]);
    expect(other.code).toBe(0);
    expect(other.stderr).toMatch(/^! A payment failed, so changes are paused; rollback works until \d{4}-\d\d-\d\d/);
    await tenant.entitle("restricted");
    expect((await berth(["app", "list"])).stderr).toContain("! The bill is unpaid");
    await tenant.entitle("restricted");
    await putOne(tenant.ctx, accountKey(tenant.ctx), {
      ...(await tenant.account()),
      kind: "ended",
      plan: null,
      graceUntil: null,
    });
    const ended = await berth(["app", "list"]);
    expect(ended.stderr).toContain(
      `! Your plan has ended, so changes are off. Your apps keep running, and status and logs stay readable. Choose a plan: ${cli.url}/plans`,
    );
    expect(ended.stderr).not.toMatch(/unpaid|bill/);
    const shown = await berth(["billing"]);
    expect(shown.stdout).toMatch(/Standing +ended: changes are off, what runs goes on/);
    const deploy = await berth(["deploy"]);
    expect(deploy.stderr).toContain("Your plan has ended. Everything works again once you choose one.");
    expect(deploy.stderr).toMatch(/berth billing plans\n +berth billing change PLAN/);
    expect(deploy.stderr).not.toContain("berth billing invoices");
  });

  test("while another one runs is refused with that one's job", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    const { id } = await tenant.deploy("shop");
    cli.test.take("jobs"); // nobody works on it, so that it stays
    const run = await berth(["deploy", "--json"]);
    expect(run.code).toBe(1);
    expect(run.json).toMatchObject({ code: "app.busy", next: [`berth jobs watch ${id}`, `berth jobs cancel ${id}`] });
  });
});

describe("a rollback", () => {
  test("goes to the release before, or to the one that is named", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    for (let i = 0; i < 3; i++) await berth(["deploy"]);
    expect((await berth(["rollback"])).stdout).toContain("Rolled back: release 2 is live on web1");
    expect((await berth(["rollback", "1", "--app", "shop"], { cwd: undefined })).stdout).toContain("release 1 is live on web1");
    const none = await berth(["rollback", "--json"]);
    expect(none.json).toMatchObject({ code: "release.none_earlier" });
  });
});
