/** Credentials that stand in Compose files: they stop a deployment before anything is sent. */
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { findPlaintext } from "../../packages/cli/src/compose/plaintext.ts";
import { useCli } from "./harness.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
/** Made here, as the host of a repository would refuse one in it. */
const stripe = `sk_live_${"51H8abcdefghijklmnopqr"}${"stuvwxyz0123"}`;
const github = `ghp_${"wWPw5k4aXcaT4fNP0UcnZw"}${"JUVFk6LO0pINUx"}`;

const read = async (text: string) => {
  const { credentials, doubtful } = await findPlaintext([["compose.yaml", text]]);
  const said = (found: typeof credentials) => found.map(({ line, place, name }) => `${line} ${place}.${name}`);
  return { credentials: said(credentials), doubtful: said(doubtful) };
};
const service = (...lines: string[]) => `services:\n  web:\n${lines.map((line) => `    ${line}\n`).join("")}`;

test.each([
  ["a key of a known maker under any name", ["environment:", `  PAYING: ${stripe}`], "4 services.web.environment.PAYING"],
  ["an item NAME=value", ["environment:", `  - PAYING=${stripe}`], "4 services.web.environment.PAYING"],
  ["a build argument", ["build:", "  args:", `    CLONE: ${github}`], "5 services.web.build.args.CLONE"],
  ["the password of an address", ["environment:", "  AT: amqp://app:tr0ub4dor-3x@queue"], "4 services.web.environment.AT"],
  [
    "a value of some strength under a secret's name",
    ["environment:", "  dbPassword: correct-horse"],
    "4 services.web.environment.dbPassword",
  ],
  ["a label", ["labels:", "  com.acme.api-token: x8Kd0aQz71"], "4 services.web.labels.com.acme.api-token"],
  [
    "an argument of a command",
    ['command: ["redis-server", "--requirepass", "Xk93jfuw02jd"]'],
    "3 services.web.command.requirepass",
  ],
  [
    "an argument of a command in a line",
    ["command: redis-server --requirepass Xk93jfuw02jd"],
    "3 services.web.command.requirepass",
  ],
  [
    "a health check's command",
    ["healthcheck:", "  test: [CMD, ping, --password=Xk93jfuw02jd]"],
    "4 services.web.healthcheck.test.password",
  ],
  [
    "letters that only chance writes",
    ["environment:", "  SEED: aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"],
    "4 services.web.environment.SEED",
  ],
])("%s is a credential, and its place is told", async (_, lines, place) => {
  expect(await read(service(...lines))).toEqual({ credentials: [place], doubtful: [] });
});

test("a private key in a config's content is one, and so is one below an anchor, once", async () => {
  const content = pem
    .trim()
    .split("\n")
    .map((line) => `      ${line}\n`)
    .join("");
  expect((await read(`configs:\n  key:\n    content: |\n${content}`)).credentials).toEqual(["3 configs.key.content"]);
  const anchored = `x-common: &common\n  API_TOKEN: x8Kd0aQz71\nservices:\n  a: { environment: *common }\n  b: { environment: *common }\n`;
  expect((await read(anchored)).credentials).toEqual(["2 x-common.API_TOKEN"]);
});

test.each([
  ["a variable", "  STRIPE_KEY: $STRIPE_KEY"],
  ["a variable within an address", `  AT: postgres://app:\${DB_PASSWORD}@db/app`],
  ["a name without a value", "  DB_PASSWORD:"],
  ["the file of a secret", "  DB_PASSWORD_FILE: /run/secrets/db-password-of-shop"],
  ["what only speaks of a secret", "  JWT_TOKEN_ALGORITHM: RS256-with-something"],
  ["where tokens are made", "  TOKEN_SERVICE: https://tokens.example.com/issue/v1"],
  ["yes and no", '  ALLOW_PASSWORD: "true"'],
  ["a digest", "  IMAGE: acme/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
])("%s is none", async (_, line) => {
  expect(await read(service("environment:", line))).toEqual({ credentials: [], doubtful: [] });
});

test("a word under a secret's name may be one, and nothing is stopped for it", async () => {
  expect(await read(service("environment:", "  DB_PASSWORD: postgres", "  AT: mysql://root:root@db"))).toEqual({
    credentials: [],
    doubtful: ["4 services.web.environment.DB_PASSWORD", "5 services.web.environment.AT"],
  });
});

test("what is no YAML has none", async () => {
  expect(await read("services: [")).toEqual({ credentials: [], doubtful: [] });
});

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let cwd = "";
const berth = (...args: string[]) => cli.berth(args, { token: tenant.secret, cwd });

beforeEach(async () => {
  tenant = await cli.tenant();
  const compose = `services:\n  web:\n    image: "registry.test/web:1"\n    environment:\n      PAYING: ${stripe}\n      DB_PASSWORD: postgres\n`;
  cwd = await cli.folder({ "compose.yaml": compose }, "shop");
  await tenant.app("shop");
  await tenant.target("web1");
});

test.each(["deploy", "plan"])("berth %s stops, tells where and what to do, and never the value", async (verb) => {
  const { code, stderr, stdout } = await berth(verb);
  expect(code).toBe(1);
  expect(stderr).toContain("compose.yaml:5");
  expect(stderr).toContain("services.web.environment.PAYING");
  expect(stderr).toContain("berth secret set PAYING --app shop");
  expect(stdout + stderr).not.toContain(stripe.slice(0, 12));
  const jobs: { kind: string }[] = (await berth("jobs", "list", "--json")).json.items;
  expect(jobs.filter(({ kind }) => kind !== "target.check")).toEqual([]);
});

test("--allow-plaintext lets it through by its name, which the audit log keeps", async () => {
  expect((await berth("deploy", "--allow-plaintext", "OTHER")).code).toBe(1);
  const { code, stderr } = await berth("deploy", "--allow-plaintext", "PAYING");
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("Allowed in a Compose file: PAYING");
  expect(stderr).toContain("For everybody to read in a Compose file: DB_PASSWORD");
  const { items } = (await berth("audit", "--json")).json;
  expect(items.find(({ action }: { action: string }) => action === "deployment.create").detail).toMatch(/, in plain PAYING$/);
});

test("with the variable in its place it deploys", async () => {
  await writeFile(join(cwd, "compose.yaml"), 'services:\n  web:\n    image: "registry.test/web:1"\n    environment: [PAYING]\n');
  await writeFile(join(cwd, ".env"), `PAYING=${stripe}\n`);
  const { code, stderr } = await berth("deploy");
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain("Compose file");
});
