import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { engineWith, item, refusal } from "./table.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-table-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const reopen = (now = Date.UTC(2025, 0, 1)) => createEngine({ now: () => now, folder });
const rows = (engine: Engine) => engine.execute("Scan", { TableName: "jobs" }).Items;
const log = () => join(folder, readdirSync(folder).find((file) => file.endsWith(".log"))!);

/** Some of everything that is kept. */
function fill(engine: Engine): void {
  engine.execute("UpdateTimeToLive", { TableName: "jobs", TimeToLiveSpecification: { AttributeName: "expires", Enabled: true } });
  for (let at = 0; at < 20; at++)
    engine.execute("PutItem", {
      TableName: "jobs",
      Item: item("a", `${at}`, { n: { N: `${at}` }, m: { M: { b: { B: "YQ==" } } }, due: { S: "d" }, at: { S: `${at}` } }),
    });
  engine.execute("DeleteItem", { TableName: "jobs", Key: item("a", "3") });
  const update = {
    TableName: "jobs",
    Key: item("a", "4"),
    UpdateExpression: "ADD n :n SET #p = :n",
    ExpressionAttributeNames: { "#p": "__proto__" },
    ExpressionAttributeValues: { ":n": { N: "0.5" } },
  };
  engine.execute("TransactWriteItems", {
    TransactItems: [{ Update: update }, { Put: { TableName: "jobs", Item: item("b", "1") } }],
    ClientRequestToken: "once",
  });
}

test("an engine begins where the last one in the folder ended: rows, indexes, stream, tokens, time to live", () => {
  const { engine, clock } = engineWith("jobs", folder);
  fill(engine);
  const before = [rows(engine), engine.records("jobs"), engine.execute("DescribeTable", { TableName: "jobs" })];
  engine.close();
  const again = reopen(clock.now + 1000);
  expect([rows(again), again.records("jobs"), again.execute("DescribeTable", { TableName: "jobs" })]).toEqual(before);
  const query = {
    TableName: "jobs",
    IndexName: "due",
    KeyConditionExpression: "due = :d",
    ExpressionAttributeValues: { ":d": { S: "d" } },
  };
  expect(again.execute("Query", query).Count).toBe(19);
  const other = { TransactItems: [{ Put: { TableName: "jobs", Item: item("c", "1") } }], ClientRequestToken: "once" };
  expect(refusal(() => again.execute("TransactWriteItems", other)).name).toBe("IdempotentParameterMismatchException");
  again.execute("PutItem", { TableName: "jobs", Item: item("z", "1", { expires: { N: "1735689600" } }) });
  expect(again.expire()).toBe(1);
  expect(
    again.records("jobs").at(-1)!.dynamodb.SequenceNumber >
      (before[1] as { dynamodb: { SequenceNumber: string } }[]).at(-1)!.dynamodb.SequenceNumber,
  ).toBe(true);
  again.close();
});

test("whatever byte a crash cuts the last line at, the commits before it are whole and the engine goes on", () => {
  const { engine } = engineWith("jobs", folder);
  engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1") });
  const kept = statSync(log()).size;
  engine.execute("TransactWriteItems", {
    TransactItems: ["2", "3"].map((sk) => ({ Put: { TableName: "jobs", Item: item("a", sk) } })),
  });
  engine.close();
  const whole = readFileSync(log());
  for (let size = kept; size < whole.length; size++) {
    writeFileSync(log(), whole);
    truncateSync(log(), size);
    const cut = reopen();
    expect(rows(cut)).toEqual([item("a", "1")]);
    cut.execute("PutItem", { TableName: "jobs", Item: item("a", "4") });
    cut.close();
    const again = reopen();
    expect(rows(again)).toEqual([item("a", "1"), item("a", "4")]);
    again.close();
  }
});

test("bytes that were never written do not hide what was, but damage before the end is not passed over", () => {
  const { engine } = engineWith("jobs", folder);
  engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1") });
  engine.close();
  appendFileSync(log(), "\0\0\0\0\n");
  const again = reopen();
  expect(rows(again)).toEqual([item("a", "1")]);
  again.close();
  const lines = readFileSync(log(), "utf8").split("\n");
  writeFileSync(log(), [lines[0], "{damaged", ...lines.slice(1)].join("\n"));
  expect(() => reopen()).toThrow(/damaged/);
});

test("a journal that outgrows its state is written anew, and says the same", { timeout: 60_000 }, () => {
  const { engine, clock } = engineWith("jobs", folder);
  fill(engine);
  const body = { S: "x".repeat(300_000) };
  for (let at = 0; at < 260; at++) {
    // The stream's day passes, so that its images need not be kept.
    clock.now += 3_600_000;
    engine.execute("PutItem", { TableName: "jobs", Item: item("big", `${at % 3}`, { body, n: { N: `${at}` } }) });
  }
  const before = rows(engine);
  engine.close();
  expect(readdirSync(folder)).toEqual(["1.log"]);
  expect(statSync(log()).size).toBeLessThan(64 * 1024 * 1024);
  writeFileSync(join(folder, "2.log.draft"), "half a compac");
  const again = reopen(clock.now);
  expect(rows(again)).toEqual(before);
  expect(readdirSync(folder)).toEqual(["1.log"]);
  again.close();
});
