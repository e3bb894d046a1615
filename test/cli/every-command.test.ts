import { beforeAll, describe, expect, test } from "vitest";
import { flat } from "../../packages/cli/src/command.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { addonCases } from "./addon-cases.ts";
import { type Case, gone } from "./command-case.ts";
import { useCli } from "./harness.ts";
import { secretCases } from "./secret-cases.ts";
import { targetCases } from "./target-cases.ts";

const cli = useCli();
const compose = "services:\n  web:\n    image: registry.test/web:1\n";

let token = "";
let reader = "";
let cwd = "";
let elsewhere = "";
let job = "";

beforeAll(async () => {
  const tenant = await cli.tenant();
  token = tenant.secret;
  reader = await tenant.token(["read"]);
  await tenant.target("web1");
  await tenant.app("shop");
  job = (await tenant.work(await tenant.deploy("shop"))).id;
  const brought = { format: "berth-self-hosted", version: 1, apps: [{ name: "brought", compose }] };
  cwd = await cli.folder(
    { "compose.yaml": compose, "export.json": JSON.stringify(brought), "export.env": "REGION=eu\n" },
    "shop",
  );
  elsewhere = await cli.folder();
});

/** Every command, in an order in which each finds what it needs. `JOB` is the job of the deployment above. */
const cases: Record<string, Case> = {
  whoami: { args: [], text: /Account\s+ten_/, members: ["tenant", "actor", "context", "url", "from"] },
  "billing plans": { args: [], text: /solo +\$9/, members: ["items", "yours"], public: true },
  usage: {
    args: [],
    text: /App slots .*1 of 10/,
    members: ["plan", "entitlement", "graceUntil", "slots", "targets", "concurrent", "logDays", "logsShorter"],
  },
  "billing plan": { args: [], text: /Plan +pro, \$19 a month/, members: ["plan", "slots", "pendingPlan", "over"] },
  "billing show": { args: [], text: /Standing +active/, members: ["plan", "entitlement", "portal"] },
  "billing invoices": {
    args: [],
    text: /No invoices yet/,
    members: ["items", "next"],
    refused: { code: "token.scope", reader: true },
  },
  ...targetCases,
  "registry add": {
    args: ["ghcr.io", "--user", "mona"],
    input: "a token\n",
    text: /✓ Deploys of images from ghcr\.io now have the login of mona/,
    members: ["host", "user", "addedAt"],
    refused: { code: "token.scope", reader: true },
  },
  "registry list": { args: [], text: /ghcr\.io +mona +not checked/, members: ["items"] },
  "registry check": {
    args: ["ghcr.io", "--target", "web1"],
    text: /✓ ghcr\.io takes the login, asked from web1/,
    members: ["id", "status", "rollouts"],
    refused: { args: ["quay.io"], code: "registry.not_found" },
  },
  "registry remove": {
    args: ["https://ghcr.io/", "--yes"],
    text: /✓ The login for ghcr\.io is removed/,
    members: ["host", "removed"],
    refused: { args: ["quay.io", "--yes"], code: "registry.not_found" },
  },
  ...secretCases,
  "app init": { args: ["spare"], text: /App spare (made|is there already)/, members: ["id", "name", "made", "settings"] },
  "app list": { args: [], text: /shop +production +running, seen .* +1 on web1/, members: ["items", "next"] },
  "app status": {
    args: ["shop"],
    text: /web1 +release \d, running, seen just now, http:\/\/127\.0\.0\.1:8080/,
    members: ["name", "environments", "jobs"],
    refused: gone,
  },
  ...addonCases,
  "app policy": {
    args: ["shop", "--set", "privileged=deny"],
    text: /privileged +deny +the app shop\n.*docker\.sock +warn +default/,
    members: ["app", "rules", "effective"],
    refused: gone,
  },
  "app start": {
    args: ["shop"],
    text: /Started: release \d runs on web1/,
    members: ["type", "status", "exit", "next", "job"],
    stream: true,
    refused: gone,
  },
  deploy: {
    args: [],
    text: /Release \d is live on web1/,
    members: ["type", "status", "exit", "next", "job"],
    stream: true,
    refused: { args: ["--app", "gone"], code: "app.not_found" },
  },
  plan: {
    args: [],
    text: /Plan for shop \(production\), release \d[\s\S]*\/jobs\/job_/,
    members: ["id", "hash", "status", "targets"],
    refused: { args: ["--app", "gone"], code: "app.not_found" },
  },
  rollback: {
    args: ["1"],
    text: /Rolled back: release 1 is live on web1/,
    members: ["type", "status", "exit", "next", "job"],
    stream: true,
    refused: { args: ["99"], code: "release.not_found" },
  },
  releases: { args: [], text: /\d +live on web1/, members: ["items", "next"], refused: gone },
  logs: { args: [], text: /web +hello from web/, members: ["items", "failed"], refused: gone },
  "jobs list": { args: [], text: /succeeded +deploy shop #3/, members: ["items", "next"] },
  "jobs show": {
    args: ["JOB"],
    text: /What +deploy shop #1/,
    members: ["id", "status", "rollouts"],
    refused: { args: ["job_gone"], code: "job.not_found" },
  },
  "jobs watch": {
    args: ["JOB"],
    text: /Release 1 is live on web1/,
    members: ["type", "status", "exit", "job"],
    stream: true,
    refused: { args: ["job_gone"], code: "job.not_found" },
  },
  "token create": {
    args: ["ci", "--scope", "read"],
    text: /^berth_test_/,
    members: ["id", "secret", "scopes"],
    refused: { args: ["ci"], code: "token.scope", reader: true },
  },
  "token list": { args: [], text: /ci +read/, members: ["items"], refused: { code: "token.scope", reader: true } },
  "deployer add": {
    args: ["github", "--repository", "me/shop", "--ref", "refs/heads/main"],
    text: /^dpr_\w+\n$/,
    members: ["id", "app", "repository", "ref"],
    refused: { args: ["github", "--repository", "me/shop", "--ref", "refs/heads/main"], code: "token.scope", reader: true },
  },
  "deployer list": {
    args: [],
    text: /shop +me\/shop +refs\/heads\/main +never/,
    members: ["items"],
    refused: { code: "token.scope", reader: true },
  },
  audit: { args: [], text: /token\.create/, members: ["items", "next"] },
  "import self-hosted": {
    args: ["export.json", "--yes"],
    text: /app +brought +(created|exists)/,
    members: ["plan", "applied", "items", "needs", "fits", "next", "exit"],
    refused: { code: "token.scope", reader: true },
  },
  "import list": { args: [], text: /brought\n +Environments +production/, members: ["items", "next"] },
  "app remove": {
    args: ["spare", "--yes"],
    text: /spare \(production\) is gone/,
    members: ["type", "status", "exit", "next", "job"],
    refused: { args: ["gone", "--yes"], code: "app.not_found" },
  },
};

/** Tested at length elsewhere: in close.test.ts, login.test.ts, settings.test.ts, terminal.test.ts, deploy.test.ts, addons.test.ts and billing.test.ts. */
const othersTest = [
  "addon upgrade",
  "account delete",
  "billing change",
  "prove",
  "login",
  "logout",
  "completion",
  "token revoke",
  "deployer remove",
  "jobs cancel",
  "context list",
  "context use",
];

test("every command there is has a test of its own", () => {
  const names = flat(commands).map(({ words }) => words.join(" "));
  expect([...Object.keys(cases), ...othersTest].sort()).toEqual(names.sort());
});

const words = (name: string, args: readonly string[]) => [...name.split(" "), ...args.map((arg) => (arg === "JOB" ? job : arg))];

describe.each(Object.entries(cases))("berth %s", (name, { args, input = "", text, members, stream, refused, public: anyone }) => {
  test("says to people what it found, and ends with 0", async () => {
    const { code, stdout, stderr } = await cli.berth(words(name, args), {
      token,
      input,
      cwd: name === "app init" ? elsewhere : cwd,
    });
    expect(stdout, stderr).toMatch(text);
    expect(code).toBe(0);
  });

  test("with --json prints JSON and nothing else", async () => {
    // What the first run made is there now, so these make another.
    const again =
      {
        "target add": ["web3", ...args.slice(1)],
        "target remove": ["web3", "--yes"],
        "addon add": ["nats"],
        "addon remove": ["nats", "--yes"],
        rollback: ["2"],
      }[name] ?? args;
    if (name === "app remove") await cli.berth(["app", "init", "spare"], { token, cwd: elsewhere });
    if (name === "registry remove")
      await cli.berth(["registry", "add", "ghcr.io", "--user", "mona"], { token, input: "a token" });
    if (name === "secret unset" || name === "variable unset") {
      const [first = "", ...rest] = args;
      await cli.berth([name.slice(0, name.indexOf(" ")), "set", first, ...rest.slice(0, -1)], { token, cwd, input: "again" });
    }
    const run = await cli.berth([...words(name, again), "--json"], {
      token,
      input,
      cwd: name === "app init" ? elsewhere : cwd,
    });
    expect(run.code, run.stdout).toBe(0);
    const answer = stream ? run.lines.at(-1) : run.json;
    for (const member of members) expect(answer).toHaveProperty(member);
    expect(run.stdout).not.toContain("\x1b");
  });

  if (!anyone)
    test("without a login ends with 4 and says to log in", async () => {
      const [people, program] = await Promise.all([
        cli.berth(words(name, args), { cwd, input }),
        cli.berth([...words(name, args), "--json"], { cwd, input, env: { BERTH_TOKEN: "berth_test_wrong" } }),
      ]);
      expect(people).toMatchObject({ code: 4, stdout: "" });
      expect(people.stderr).toContain("You are not logged in");
      expect(people.stderr).toContain("berth login");
      expect(program.code).toBe(4);
      expect(program.json).toMatchObject({ code: "auth.required", next: ["berth login"] });
    });

  if (refused)
    test("that is refused ends with 1 and the problem", async () => {
      const run = await cli.berth([...words(name, refused.args ?? args), "--json"], {
        token: refused.reader ? reader : token,
        input,
        cwd,
      });
      expect(run.code, run.stdout).toBe(1);
      expect(run.lines.at(-1)).toMatchObject({ code: refused.code, title: expect.any(String), next: expect.any(Array) });
    });

  test("has help with examples, also on a narrow terminal", async () => {
    const [wide, narrow] = await Promise.all([
      cli.berth([...name.split(" "), "--help"]),
      cli.berth(["help", ...name.split(" ")], { env: { COLUMNS: "50" } }),
    ]);
    expect(wide).toMatchObject({ code: 0, stderr: "" });
    expect(wide.stdout).toMatch(new RegExp(`^Usage: berth ${name}`));
    expect(wide.stdout).toMatch(new RegExp(`Examples:\n  (# .*\n  )?.*berth ${name}`));
    expect(narrow.stdout).toContain("Examples:");
    const [options = ""] = narrow.stdout.split("Examples:");
    for (const line of options.split("\n").slice(1)) expect(line.length, line).toBeLessThanOrEqual(50);
    for (const line of wide.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
  });
});
