import type { StreamRecord } from "@berth/local-dynamodb/stream-record.ts";
import { describe, expect, test } from "vitest";
import { definition, engineWith, item, refusal } from "./table.ts";

const seconds = (time: number) => String(Math.floor(time / 1000));

describe("a table's stream", () => {
  test("has a record of every change in order, with both images, as a Lambda event carries them", () => {
    const { engine, clock } = engineWith("jobs");
    const heard: [string, StreamRecord][] = [];
    engine.onRecord((record, table) => heard.push([table, record]));
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { n: { N: "1" } }) });
    clock.now += 1000;
    engine.execute("UpdateItem", {
      TableName: "jobs",
      Key: item("a", "1"),
      UpdateExpression: "SET n = :n",
      ExpressionAttributeValues: { ":n": { N: "2" } },
    });
    engine.execute("DeleteItem", { TableName: "jobs", Key: item("a", "1") });
    const images = heard.map(([table, { eventName, dynamodb }]) => [
      table,
      eventName,
      dynamodb.Keys,
      dynamodb.OldImage,
      dynamodb.NewImage,
    ]);
    expect(images).toEqual([
      ["jobs", "INSERT", item("a", "1"), undefined, item("a", "1", { n: { N: "1" } })],
      ["jobs", "MODIFY", item("a", "1"), item("a", "1", { n: { N: "1" } }), item("a", "1", { n: { N: "2" } })],
      ["jobs", "REMOVE", item("a", "1"), item("a", "1", { n: { N: "2" } }), undefined],
    ]);
    const [, second] = heard[1]!;
    expect(second).toMatchObject({
      eventSource: "aws:dynamodb",
      eventVersion: "1.1",
      eventSourceARN: expect.stringMatching(/:table\/jobs\/stream\//),
      dynamodb: { ApproximateCreationDateTime: clock.now / 1000, StreamViewType: "NEW_AND_OLD_IMAGES", SizeBytes: 24 },
    });
    const numbers = heard.map(([, { dynamodb }]) => dynamodb.SequenceNumber);
    expect([...numbers].sort()).toEqual(numbers);
    expect(new Set(numbers).size).toBe(3);
  });

  test("has no record of what changed nothing, nor of a transaction that was canceled", () => {
    const { engine } = engineWith("jobs");
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { s: { SS: ["x", "y"] } }) });
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { s: { SS: ["y", "x"] } }) });
    engine.execute("DeleteItem", { TableName: "jobs", Key: item("a", "none") });
    const put = { Put: { TableName: "jobs", Item: item("a", "2") } };
    const check = { ConditionCheck: { TableName: "jobs", Key: item("a", "1"), ConditionExpression: "attribute_not_exists(pk)" } };
    refusal(() => engine.execute("TransactWriteItems", { TransactItems: [put, check] }));
    expect(engine.records("jobs")).toHaveLength(1);
  });

  test("has a transaction's records together, and is read on from any sequence number", () => {
    const { engine } = engineWith("jobs");
    const puts = ["1", "2", "3"].map((sk) => ({ Put: { TableName: "jobs", Item: item("a", sk) } }));
    engine.execute("TransactWriteItems", { TransactItems: puts });
    const [first, ...rest] = engine.records("jobs");
    expect([first, ...rest].map((record) => record?.dynamodb.Keys.sk)).toEqual([{ S: "1" }, { S: "2" }, { S: "3" }]);
    expect(engine.records("jobs", first!.dynamodb.SequenceNumber)).toEqual(rest);
    expect(engine.records("jobs", first!.dynamodb.SequenceNumber, 1)).toEqual(rest.slice(0, 1));
    expect(engine.records("jobs", rest.at(-1)!.dynamodb.SequenceNumber)).toEqual([]);
  });

  test("is there only where the table asks for it", () => {
    const { engine } = engineWith("jobs");
    const { StreamSpecification: _, ...plain } = definition("plain");
    engine.execute("CreateTable", plain);
    engine.execute("PutItem", { TableName: "plain", Item: item("a", "1") });
    expect(engine.records("plain")).toEqual([]);
  });
});

describe("time to live", () => {
  const enabled = { TableName: "jobs", TimeToLiveSpecification: { AttributeName: "expires", Enabled: true } };

  test("leaves an expired row readable until the engine removes it, which the stream ascribes to the service", () => {
    const { engine, clock } = engineWith("jobs");
    engine.execute("UpdateTimeToLive", enabled);
    const row = item("a", "1", { expires: { N: seconds(clock.now + 60_000) }, due: { S: "d" }, at: { S: "t" } });
    engine.execute("PutItem", { TableName: "jobs", Item: row });
    expect(engine.expire()).toBe(0);
    clock.now += 61_000;
    expect(engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") }).Item).toEqual(row);
    expect(engine.expire()).toBe(1);
    expect(engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") })).toEqual({});
    const query = {
      TableName: "jobs",
      IndexName: "due",
      KeyConditionExpression: "due = :d",
      ExpressionAttributeValues: { ":d": { S: "d" } },
    };
    expect(engine.execute("Query", query).Count).toBe(0);
    const last = engine.records("jobs").at(-1);
    expect(last).toMatchObject({ eventName: "REMOVE", userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } });
  });

  test("takes only numbers, only of the named attribute, and nothing older than five years", () => {
    const { engine, clock } = engineWith("jobs");
    engine.execute("UpdateTimeToLive", enabled);
    const past = seconds(clock.now - 1000);
    const rows = [
      { expires: { S: past } },
      { ends: { N: past } },
      {},
      { expires: { N: seconds(clock.now - 6 * 366 * 86_400_000) } },
    ];
    rows.forEach(
      (more, at) =>
        void engine.execute("PutItem", { TableName: "jobs", Item: item("a", String(at), more as Record<string, never>) }),
    );
    expect(engine.expire()).toBe(0);
  });

  test("is on once, off once, and described", () => {
    const { engine } = engineWith("jobs");
    expect(engine.execute("DescribeTimeToLive", { TableName: "jobs" })).toEqual({
      TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" },
    });
    engine.execute("UpdateTimeToLive", enabled);
    expect(refusal(() => engine.execute("UpdateTimeToLive", enabled)).name).toBe("ValidationException");
    expect(engine.execute("DescribeTimeToLive", { TableName: "jobs" })).toEqual({
      TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "expires" },
    });
  });
});
