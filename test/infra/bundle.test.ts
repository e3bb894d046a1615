import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterAll, expect, test } from "vitest";
import { type FunctionName, functions } from "../../functions/manifest.ts";
import { startFiles } from "../../infra/start.ts";
import { type BundleSize, loadEnvironment, measureBundle, streamingGlobal } from "../../scripts/bundle.ts";
import { lambdas, statementsOf, synthesize } from "./synth.ts";

const below = mkdtempSync(join(tmpdir(), "berth-bundles-"));
afterAll(() => rmSync(below, { recursive: true }));

const names = Object.keys(functions) as FunctionName[];
const made = new Map<FunctionName, BundleSize>();
for (const name of names) made.set(name, await measureBundle(name, below));
const bundleOf = (name: FunctionName): BundleSize => made.get(name)!; // made above of the same names

/** Source files whose code is in the bundle; with `start`, only in what a start reads. */
const sources = ({ metafile }: BundleSize, files = Object.keys(metafile.outputs)) =>
  files.flatMap((file) =>
    Object.entries(metafile.outputs[file]?.inputs ?? {}).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [input] : [],
    ),
  );
const startSources = (size: BundleSize) => sources(size, startFiles(size.metafile.outputs));
const from = (inputs: readonly string[], module: string) => inputs.filter((input) => input.includes(`node_modules/${module}/`));
const text = ({ metafile }: BundleSize) =>
  Object.keys(metafile.outputs)
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");

test("the API starts from one file of at most 430 KB, and the webhook's function is at most 350 KB in all", () => {
  for (const name of ["api/handler", "api/stream"] as const) {
    expect(startFiles(bundleOf(name).metafile.outputs)).toHaveLength(1);
    expect(bundleOf(name).startBytes).toBeLessThanOrEqual(430_000);
  }
  expect(bundleOf("webhooks/stripe").totalBytes).toBeLessThanOrEqual(350_000);
});

test("the API starts without Stripe, without the YAML parser and without the clients that most requests do not use", () => {
  const start = startSources(bundleOf("api/handler"));
  expect(from(start, "@aws-sdk/client-dynamodb")).not.toEqual([]);
  for (const module of ["stripe", "yaml", "@aws-sdk/client-kms", "@aws-sdk/client-sqs", "@aws-sdk/client-ssm"]) {
    expect(from(start, module), module).toEqual([]);
    expect(from(sources(bundleOf("api/handler")), module), module).not.toEqual([]);
  }
});

test("the API starts with the routes of deploying and watching; those of any other noun are loaded at the first request for one", () => {
  const routes = (inputs: readonly string[]) => inputs.filter((input) => input.startsWith("functions/api/routes/")).length;
  const start = routes(startSources(bundleOf("api/handler")));
  expect(start).toBeGreaterThan(5);
  expect(start).toBeLessThan(routes(sources(bundleOf("api/handler"))) / 2);
  const [signUp, unknown] = ["/v1/plans", "/v1/none"].map((path) =>
    ask(
      "api/handler",
      `const{statusCode,body}=await handler(${JSON.stringify(eventOf(path))},{});console.log(statusCode,JSON.parse(body).code)`,
    ),
  );
  expect([signUp, unknown]).toEqual(["200 undefined", "404 route.not_found"]);
});

test("the sweep starts without the YAML parser, which only runs need", () => {
  expect(from(startSources(bundleOf("workers/sweep")), "yaml")).toEqual([]);
});

test("SSH is in the rollout worker's bundle only, and SES in the mail worker's only", () => {
  const having = (module: string) => names.filter((name) => from(sources(bundleOf(name)), module).length > 0);
  expect(having("ssh2")).toEqual(["workers/rollout"]);
  expect(having("@aws-sdk/client-sesv2")).toEqual(["workers/mail"]);
});

test("Stripe's library is with the API and with billing, and not with the webhook, which must not call Stripe", () => {
  const having = names.filter((name) => from(sources(bundleOf(name)), "stripe").length > 0);
  expect(having.sort()).toEqual(["api/handler", "billing/close", "billing/reconcile", "billing/sync"]);
});

test.each(names)(
  "%s bundles nothing of the local cloud, the CLI, the dashboard or infra, and no way to credentials but Lambda's",
  (name) => {
    const all = sources(bundleOf(name));
    expect(all.filter((input) => /^(packages\/(local|cli|web)|infra|test|scripts)\//.test(input))).toEqual([]);
    expect(all.filter((input) => /credential-provider-(node|ini|sso|process)/.test(input))).toEqual([]);
  },
);

// Away from node_modules, so that what the bundle left out is really not there.
test.each(names)("%s loads in a bare process with only its own files", (name) => {
  const program = `${streamingGlobal}const{handler}=await import(${JSON.stringify(join(bundleOf(name).folder, "index.mjs"))});console.log(typeof handler)`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: below,
    env: loadEnvironment,
    encoding: "utf8",
  });
  expect(stderr.slice(-500)).toBe("");
  expect(stdout.trim()).toBe("function");
});

const eventOf = (path: string) => ({
  version: "2.0",
  rawPath: path,
  rawQueryString: "",
  headers: { host: "api.example" },
  requestContext: { http: { method: "GET", path, sourceIp: "203.0.113.7" }, domainName: "api.example" },
  isBase64Encoded: false,
});

/** Runs a program over the bundle's `handler` and answers its last line. */
function ask(name: FunctionName, program: string): string {
  const text = `${streamingGlobal}const{handler}=await import(${JSON.stringify(join(bundleOf(name).folder, "index.mjs"))});${program}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", text], {
    env: loadEnvironment,
    encoding: "utf8",
  });
  return stdout.trim().split("\n").at(-1) || stderr.slice(-500);
}

test("the API's bundle answers a request of API Gateway's", () => {
  const event = JSON.stringify(eventOf("/v1/none"));
  const answer = ask(
    "api/handler",
    `const{statusCode,body}=await handler(${event},{});console.log(statusCode,JSON.parse(body).code)`,
  );
  expect(answer).toBe("404 route.not_found");
});

test.each([
  ["/v1/jobs/job_1/events", "401 auth.required"],
  ["/v1/apps", "404"],
  ["/v1/jobs/job_1", "404"],
  ["/health", "404"],
])("the event stream's bundle serves its one address and no other: %s", (path, expected) => {
  const answer = ask(
    "api/stream",
    `const{PassThrough}=await import("node:stream");const stream=new PassThrough();let status;` +
      `awslambda.HttpResponseStream={from:(to,meta)=>{status=meta.statusCode;return to}};` +
      `await handler(${JSON.stringify(eventOf(path))},stream,{});let text="";for await(const part of stream)text+=part;` +
      `console.log(status,text.startsWith("{")?JSON.parse(text).code:"")`,
  );
  expect(answer.trim()).toBe(expected);
});

test("the runner's script is in the rollout worker's bundle as it is", () => {
  const literal = JSON.stringify(runner).slice(1, -1);
  const plain = (code: string) =>
    code
      .replaceAll(/\\([\\`'"$])/g, "$1")
      .replaceAll("\\n", "\n")
      .replaceAll("\\t", "\t");
  expect(literal.length).toBeGreaterThan(1000);
  expect(plain(text(bundleOf("workers/rollout")))).toContain(plain(literal));
});

const synthesized = synthesize();
const deployed = lambdas(synthesized);

test.each(names)("%s is given every environment variable that its code asks for", (name) => {
  const given = Object.keys(deployed.get(name)?.Properties.Environment.Variables);
  const asked = sources(bundleOf(name))
    .filter((input) => /^(functions|packages\/aws)\//.test(input))
    .flatMap((input) => [...readFileSync(input, "utf8").matchAll(/\bneed\([\w.]+, "([A-Z_]+)"\)|\benv\.([A-Z_]+)\b/g)])
    .map(([, needed, read]) => needed ?? read ?? "")
    .filter((variable) => !variable.startsWith("LOCAL_"));
  expect(asked).not.toEqual([]);
  expect(given).toEqual(expect.arrayContaining(asked));
});

/** Global rows that a bundle's code names and its function never touches, with the reason. */
const carried: Partial<Record<FunctionName, Record<string, string>>> = {
  "api/handler": { EVT: "a sync that a customer asks for has no event to mark" },
  "billing/reconcile": { EVT: "a sync that a schedule begins has no event to mark" },
};

test.each(names)("%s may reach the global rows that its code names, and no others", (name) => {
  const nouns = globSync("packages/domain/src/**/*.ts")
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/globalKey\(\s*"([A-Z]+)"/g)])
    .map(([, noun]) => noun ?? "");
  expect(nouns.length).toBeGreaterThan(5);
  const code = text(bundleOf(name));
  const named = new Set(nouns.filter((noun) => code.includes(`("${noun}",`) && !carried[name]?.[noun]));
  const granted = statementsOf(synthesized, name)
    .filter(({ Action }) => [Action].flat().some((action) => /^dynamodb:.*Item$/.test(action)))
    .flatMap(({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] as string[])
    .map((partition) => partition.replace("#*", ""))
    .filter((noun) => noun !== "TENANT");
  expect([...new Set(granted)].sort()).toEqual([...named].sort());
});
