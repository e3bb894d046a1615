// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of GitHub that is tested here
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { issuerOf } from "@berth/aws/issuer.ts";
import { enginesServer } from "@berth/local/cloud/engines.ts";
import { createOidc } from "@berth/local/oidc/oidc.ts";
import { oidcService } from "@berth/local/oidc/wire.ts";
import { close, listen } from "@berth/local/state/server.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { testWorld } from "../support/world.ts";
import { useCli } from "./harness.ts";

let url = "";
const oidc = createOidc({ url: () => url, now: Date.now });
const server = enginesServer([oidcService(oidc)], () => new Response(), String);
const cli = useCli(async () => {
  url = `http://127.0.0.1:${(await listen(server, 0)).port}/oidc`;
  return testWorld({ running: true, start: new Date(), over: { github: issuerOf(url) } });
});
afterAll(() => close(server));
beforeAll(() => {
  expect(url).not.toBe(""); // the world was opened with it
});

const main = { repository: "me/shop", ref: "refs/heads/main" };
const compose = "services:\n  web:\n    build: .\n    ports: ['8080:80']\n";
const document = readFileSync(new URL("../../docs/github-actions.md", import.meta.url), "utf8");
const blocks = (language: string) =>
  [...document.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, text = ""]) => text);

/** An account with a server and an app, the deployer that the document adds, and a job that it accepts. */
async function prepared(job: object = {}) {
  const tenant = await cli.tenant();
  await tenant.target("web1");
  await tenant.app("shop");
  const [added = ""] = blocks("sh")[0]?.trim().split("\n") ?? [];
  const [, ...args] = added.split(" ");
  const run = await cli.berth(args, { token: tenant.secret });
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain("Jobs of me/shop (refs/heads/main) may deploy shop");
  const deployer = run.stdout.trim();
  expect(run.stderr).toContain(`BERTH_DEPLOYER: ${deployer}`);
  const env = { CI: "true", GITHUB_ACTIONS: "true", BERTH_DEPLOYER: deployer, ...oidc.begin({ ...main, ...job }) };
  return { tenant, deployer, env, cwd: await cli.folder({ "compose.yaml": compose }, "checkout") };
}

const masked = (text: string) => [...text.matchAll(/^::add-mask::(.+)$/gm)].map(([, secret = ""]) => secret);
/** What the runner shows of it. */
const shown = (text: string) => {
  const secrets = masked(text);
  const lines = text.split("\n").filter((line) => !line.startsWith("::add-mask::"));
  return secrets.reduce((log, secret) => log.replaceAll(secret, "***"), lines.join("\n"));
};

test("the workflow of docs/github-actions.md is a workflow, asks for an identity and no more, and its commands work in such a job", async () => {
  const workflow = parse(blocks("yaml")[0] ?? "");
  expect(workflow.permissions).toEqual({ contents: "read", packages: "write", "id-token": "write" });
  const { deploy } = workflow.jobs;
  expect(Object.keys(deploy.env)).toEqual(["BERTH_URL", "BERTH_DEPLOYER"]);
  const steps: { run?: string; env?: object; uses?: string }[] = deploy.steps;
  const commands = steps.filter(({ run }) => run);
  expect(commands.length).toBe(1);
  const { env, cwd } = await prepared();
  const digest = `sha256:${"a".repeat(64)}`;
  for (const { run = "", env: own } of commands) {
    expect(run, "nothing of an event is put into a shell's text").not.toContain("${{");
    expect(own).toEqual({ DIGEST: "${{ steps.build.outputs.digest }}" });
    const [node, file, ...args] = run.replaceAll('"', "").replaceAll("$DIGEST", digest).split(" ");
    expect([node, file]).toEqual(["node", ".github/berth.mjs"]);
    const ran = await cli.berth(args, { env, cwd });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain("Release 1 is live on web1");
  }
  const sent = cli.reach.runs.findLast(({ op }) => op === "deploy");
  expect(sent?.files.find(({ path }) => path === ".berth-images.yaml")?.content).toContain(`ghcr.io/me/shop@${digest}`);
});

describe("in a job that a deployer accepts", () => {
  test("each secret is masked before anything else is said, and is kept in no file", async () => {
    const { env, cwd, tenant } = await prepared();
    const home = await cli.folder({}, "home");
    const run = await cli.berth(["deploy", "--app", "shop", "--image", "web=a:1", "--json"], {
      env: { ...env, HOME: home, BERTH_CONFIG_DIR: join(home, "config") },
      cwd,
    });
    expect(run.code, run.stderr).toBe(0);
    const [identity = "", token = ""] = masked(run.stderr);
    expect([identity.split(".").length, token]).toEqual([3, expect.stringMatching(/^berth_test_/)]);
    expect(run.stderr.startsWith("::add-mask::")).toBe(true);
    for (const log of [run.stdout, shown(run.stderr)]) {
      expect(log).not.toContain(token);
      expect(log).not.toContain(identity);
    }
    expect(run.lines.at(-1)).toMatchObject({ type: "result", exit: 0 });
    expect(readdirSync(home)).toEqual([]);
    expect(cli.test.dump()).not.toContain(token);
    const listed = await cli.berth(["deployer", "list"], { token: tenant.secret });
    expect(listed.stdout).toMatch(/me\/shop/);
    expect(listed.stdout).not.toContain("never");
  });

  test("outside of GitHub's runners nothing is masked, so that nothing is printed", async () => {
    const { env, cwd } = await prepared();
    const run = await cli.berth(["app", "status", "shop"], { env: { ...env, GITHUB_ACTIONS: undefined }, cwd });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).not.toContain("::add-mask::");
  });

  test("whoami says where the token is from and that it is for one app, and other things of the account are refused", async () => {
    const { env } = await prepared();
    const run = await cli.berth(["whoami", "--json"], { env });
    expect(run.json).toMatchObject({
      from: "deployer",
      context: null,
      actor: { name: "github me/shop", app: "shop", scopes: ["deploy"] },
    });
    expect((await cli.berth(["whoami"], { env })).stdout).toContain("BERTH_DEPLOYER");
    expect((await cli.berth(["token", "list", "--json"], { env })).json.code).toBe("token.scope");
  });

  test("a token that is given goes first, and a context that is named too", async () => {
    const { env, tenant } = await prepared();
    const given = await cli.berth(["whoami", "--json"], { env, token: tenant.secret });
    expect(given.json).toMatchObject({ from: "environment", actor: { name: "admin billing" } });
    const missing = await cli.berth(["whoami", "--context", "none", "--json"], { env });
    expect(missing.json.detail).toContain('There is no context "none"');
  });
});

test.each([
  ["without the permission", { ACTIONS_ID_TOKEN_REQUEST_URL: undefined }, "cli.no_identity", "may not ask GitHub"],
  ["whose request token is not good", { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "none" }, "cli.no_identity", "it answered 401"],
  ["when GitHub is not there", { ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/x" }, "cli.no_identity", "no identity token"],
  ["of a deployer that is not there", { BERTH_DEPLOYER: "dpr_none" }, "deployer.refused", "me/shop"],
])("a job %s is told so", async (_, over, code, said) => {
  const { env } = await prepared();
  const run = await cli.berth(["apps", "list", "--json"], { env: { ...env, ...over } });
  expect([run.code, run.json.code, run.json.detail]).toEqual([1, code, expect.stringContaining(said)]);
});

test("a job on another branch is refused, with what it is and where to look", async () => {
  const { env, cwd } = await prepared({ ref: "refs/heads/dev" });
  const run = await cli.berth(["app", "status", "shop"], { env, cwd });
  expect(run.code).toBe(1);
  expect(shown(run.stderr)).toMatch(/on\s+refs\/heads\/dev,/);
  expect(shown(run.stderr)).toContain("berth deployer list");
});

test.each([
  [["gitlab"], '"gitlab" is no provider'],
  [["github"], "--repository is missing"],
  [["github", "--repository", "me/shop"], "Say which jobs"],
  [["github", "--repository", "me/shop", "--ref", "main"], "The branch is refs/heads/main"],
])("berth deployer add %j says what is missing", async (args, said) => {
  const run = await cli.berth(["deployer", "add", ...args, "--app", "shop"], { token: "berth_none" });
  expect([run.code, run.stderr]).toEqual([1, expect.stringContaining(said)]);
});
