import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createPool, FunctionError, FunctionTimeout, WorkerLost } from "../../packages/local/src/lambda/pool.ts";

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "berth-functions-"));
writeFileSync(join(folder, "package.json"), '{"type":"module"}');
const write = (name: string, body: string) => writeFileSync(join(folder, `${name}.ts`), body);
write(
  "echo",
  "export const handler = async (event: object, context: object) => ({ event, context: Object.keys(context), pid: process.pid });",
);
write("clock", "export const handler = async () => process.env.LOCAL_CLOCK_MS;");
write("environment", "export const handler = async () => process.env;");
write("throws", 'export const handler = async () => { throw new TypeError("no such thing"); };');
write("hangs", "export const handler = () => new Promise(() => {});");
write("dies", "export const handler = async () => process.exit(3);");
write("prints", 'export const handler = async () => { console.log("one\\ntwo"); };');
write(
  "streams",
  `export const handler = awslambda.streamifyResponse(async (event, stream) => {
    const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" }, cookies: [] });
    out.write("one,"); out.write(Buffer.from("two")); out.end();
  });`,
);

const lines: string[] = [];
const logs: string[] = [];
let ahead = 0;
const pool = createPool({
  name: "test",
  size: 2,
  fileOf: (name) => join(folder, `${name}.ts`),
  env: { GIVEN: "yes" },
  ahead: () => ahead,
  log: (text) => logs.push(text),
  output: (line) => lines.push(line),
});
afterAll(() => pool.close());
const invoke = (name: string, event: unknown = {}, timeoutSeconds = 10) => pool.invoke({ name, event, timeoutSeconds });

test("a function gets its event and context, in a process of its own", async () => {
  expect(await invoke("echo", { a: [1, "ü", null] })).toEqual({
    event: { a: [1, "ü", null] },
    context: ["functionName", "awsRequestId", "getRemainingTimeInMillis"],
    pid: expect.any(Number),
  });
});

test("a function sees the environment it is given and nothing else of this process", async () => {
  process.env.SECRET_OF_THIS_PROCESS = "x";
  const seen = (await invoke("environment")) as Record<string, string>;
  expect(seen.GIVEN).toBe("yes");
  expect(seen).not.toHaveProperty("SECRET_OF_THIS_PROCESS");
});

test("what a function throws is told with its name and message", async () => {
  await expect(invoke("throws")).rejects.toThrow(FunctionError);
  await expect(invoke("throws")).rejects.toThrow("TypeError: no such thing");
});

test("a function that is missing is an error, and the process lives on", async () => {
  await expect(invoke("missing")).rejects.toThrow(FunctionError);
  expect(await invoke("echo")).toBeTruthy();
});

test("a function that does not answer in its time is given up", async () => {
  await expect(invoke("hangs", {}, 0.2)).rejects.toThrow(FunctionTimeout);
});

test("what a function prints arrives line by line", async () => {
  await invoke("prints");
  await eventually(() => lines).toEqual(expect.arrayContaining(["one", "two"]));
});

test("a streamed answer arrives with its head and its pieces", async () => {
  const heads: object[] = [];
  const pieces: Uint8Array[] = [];
  const sink = { head: (head: object) => heads.push(head), chunk: (data: Uint8Array) => pieces.push(data) };
  await pool.invoke({ name: "streams", event: {}, timeoutSeconds: 5, sink: sink as never });
  expect(heads).toEqual([{ statusCode: 201, headers: { a: "b" }, cookies: [] }]);
  expect(Buffer.concat(pieces).toString()).toBe("one,two");
});

test("a turned clock is known in processes that run and in those that start later", async () => {
  ahead = 5000;
  pool.setClock(ahead);
  expect(await invoke("clock")).toBe("5000");
  for (const { pid } of pool.workers()) pool.kill(pid);
  expect(await invoke("clock")).toBe("5000");
});

test("a process that is killed loses what it was doing, and another takes its place", async () => {
  const hanging = invoke("hangs");
  await eventually(() => pool.workers().flatMap(({ running }) => running)).toContain("hangs");
  const victim = pool.workers().find(({ running }) => running.includes("hangs"));
  expect(pool.kill(victim?.pid ?? 0)).toBe(true);
  await expect(hanging).rejects.toThrow(WorkerLost);
  await eventually(() => pool.workers().length).toBe(2);
  expect(pool.workers().map(({ pid }) => pid)).not.toContain(victim?.pid);
  expect(await invoke("echo")).toBeTruthy();
});

test("a function that ends its process is lost, and the next is served all the same", async () => {
  await expect(invoke("dies")).rejects.toThrow(WorkerLost);
  expect(await invoke("echo")).toBeTruthy();
});

test("after a restart other processes answer, and what was being done is done", async () => {
  write("slow", "export const handler = () => new Promise((resolve) => setTimeout(() => resolve(process.pid), 300));");
  const before = pool.workers().map(({ pid }) => pid);
  const slow = invoke("slow");
  await eventually(() => pool.workers().flatMap(({ running }) => running)).toContain("slow");
  pool.restart();
  expect(before).not.toContain(((await invoke("echo")) as { pid: number }).pid);
  expect(before).toContain(await slow);
  await eventually(() => pool.workers().length).toBe(2);
});

test("a number that is no process of the pool is not killed", () => {
  expect(pool.kill(process.pid)).toBe(false);
});
