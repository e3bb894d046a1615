import { createEngine } from "@berth/local-dynamodb/engine.ts";
import { describe, expect, test } from "vitest";
import { definition, engineWith, item, refusal } from "./table.ts";

const one = { ":one": { N: "1" } };

describe("capacity of transactions, where DynamoDB Local is no oracle", () => {
  test("every item of a transactional write costs twice its units, in the table and in its indexes", () => {
    const { engine } = engineWith("jobs");
    const put = {
      Put: { TableName: "jobs", Item: item("a", "1", { due: { S: "d" }, at: { S: "t" }, body: { S: "x".repeat(1500) } }) },
    };
    const check = { ConditionCheck: { TableName: "jobs", Key: item("a", "2"), ConditionExpression: "attribute_not_exists(pk)" } };
    const answer = engine.execute("TransactWriteItems", { TransactItems: [put, check], ReturnConsumedCapacity: "INDEXES" });
    expect(answer.ConsumedCapacity).toEqual([
      {
        TableName: "jobs",
        CapacityUnits: 8,
        WriteCapacityUnits: 8,
        Table: { CapacityUnits: 6, WriteCapacityUnits: 6 },
        GlobalSecondaryIndexes: { due: { CapacityUnits: 2, WriteCapacityUnits: 2 } },
      },
    ]);
  });

  test("a transactional read costs two units per 4 KB, and two for an item that is not there", () => {
    const { engine } = engineWith("jobs");
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { body: { S: "x".repeat(5000) } }) });
    const gets = ["1", "2"].map((sk) => ({ Get: { TableName: "jobs", Key: item("a", sk) } }));
    const answer = engine.execute("TransactGetItems", { TransactItems: gets, ReturnConsumedCapacity: "TOTAL" });
    expect(answer.ConsumedCapacity).toEqual([{ TableName: "jobs", CapacityUnits: 6, ReadCapacityUnits: 6 }]);
  });

  test("a transaction done before is charged as reads of its items", () => {
    const { engine } = engineWith("jobs");
    const request = {
      TransactItems: [{ Put: { TableName: "jobs", Item: item("a", "1") } }],
      ClientRequestToken: "once",
      ReturnConsumedCapacity: "TOTAL",
    };
    engine.execute("TransactWriteItems", request);
    expect(engine.execute("TransactWriteItems", request).ConsumedCapacity).toEqual([
      { TableName: "jobs", CapacityUnits: 2, ReadCapacityUnits: 2 },
    ]);
  });
});

describe("the meter", () => {
  test("hears of every request's units by table, of refused writes too", () => {
    const { engine } = engineWith("jobs");
    const heard: unknown[] = [];
    const stop = engine.onConsumed((consumption) => heard.push(consumption));
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { due: { S: "d" }, at: { S: "t" } }) });
    engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1"), ConsistentRead: true });
    engine.execute("Query", {
      TableName: "jobs",
      IndexName: "due",
      KeyConditionExpression: "due = :d",
      ExpressionAttributeValues: { ":d": { S: "d" } },
    });
    refusal(() =>
      engine.execute("DeleteItem", { TableName: "jobs", Key: item("a", "1"), ConditionExpression: "attribute_not_exists(pk)" }),
    );
    stop();
    engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") });
    expect(heard).toEqual([
      { operation: "PutItem", table: "jobs", read: 0, write: 2 },
      { operation: "GetItem", table: "jobs", read: 1, write: 0 },
      { operation: "Query", table: "jobs", read: 0.5, write: 0 },
      { operation: "DeleteItem", table: "jobs", read: 0, write: 1 },
    ]);
  });
});

describe("a request token", () => {
  const increase = (by: string) => ({
    Update: {
      TableName: "jobs",
      Key: item("a", "1"),
      UpdateExpression: "ADD n :by",
      ExpressionAttributeValues: { ":by": { N: by } },
    },
  });
  const send = (by: string) => ({ TransactItems: [increase(by)], ClientRequestToken: "once" });
  const count = (engine: ReturnType<typeof engineWith>["engine"]) =>
    (engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") }).Item as { n: { N: string } }).n.N;

  test("makes the same request again succeed without doing it again, for ten minutes", () => {
    const { engine, clock } = engineWith("jobs");
    engine.execute("TransactWriteItems", send("1"));
    clock.now += 599_000;
    engine.execute("TransactWriteItems", send("1"));
    expect(count(engine)).toBe("1");
    clock.now += 2_000;
    engine.execute("TransactWriteItems", send("1"));
    expect(count(engine)).toBe("2");
  });

  test("with another request is refused, and a canceled transaction keeps none", () => {
    const { engine } = engineWith("jobs");
    const check = { ConditionCheck: { TableName: "jobs", Key: item("b", "1"), ConditionExpression: "attribute_exists(pk)" } };
    const request = { TransactItems: [increase("1"), check], ClientRequestToken: "once" };
    expect(refusal(() => engine.execute("TransactWriteItems", request)).name).toBe("TransactionCanceledException");
    engine.execute("TransactWriteItems", send("1"));
    expect(refusal(() => engine.execute("TransactWriteItems", send("2"))).name).toBe("IdempotentParameterMismatchException");
  });
});

describe("where the service and DynamoDB Local differ the engine is the service", () => {
  test("a refusal that depends on the item or the schema cancels the transaction with the reason ValidationError", () => {
    const { engine } = engineWith("jobs");
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { label: { S: "x" } }) });
    const update = {
      Update: {
        TableName: "jobs",
        Key: item("a", "1"),
        UpdateExpression: "SET n = label + :one",
        ExpressionAttributeValues: one,
      },
    };
    const misfit = { Delete: { TableName: "jobs", Key: { pk: { N: "1" }, sk: { S: "1" } } } };
    const fine = { Put: { TableName: "jobs", Item: item("a", "2") } };
    const { name, extra } = refusal(() => engine.execute("TransactWriteItems", { TransactItems: [update, misfit, fine] }));
    expect(name).toBe("TransactionCanceledException");
    expect((extra.CancellationReasons as { Code: string }[]).map(({ Code }) => Code)).toEqual([
      "ValidationError",
      "ValidationError",
      "None",
    ]);
    expect(engine.execute("GetItem", { TableName: "jobs", Key: item("a", "2") })).toEqual({});
  });

  test("UPDATED_OLD and UPDATED_NEW return of nested attributes only what was updated", () => {
    const { engine } = engineWith("jobs");
    const m = { M: { a: { N: "1" }, b: { N: "2" } } };
    engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { m, l: { L: [{ N: "1" }, { N: "2" }, { N: "3" }] } }) });
    const update = (ReturnValues: string) =>
      engine.execute("UpdateItem", {
        TableName: "jobs",
        Key: item("a", "1"),
        UpdateExpression: "SET m.a = m.a + :one, l[2] = :one",
        ExpressionAttributeValues: one,
        ReturnValues,
      }).Attributes;
    expect(update("UPDATED_OLD")).toEqual({ m: { M: { a: { N: "1" } } }, l: { L: [{ N: "3" }] } });
    expect(update("UPDATED_NEW")).toEqual({ m: { M: { a: { N: "3" } } }, l: { L: [{ N: "1" }] } });
  });

  test("an update may not give an index key a value the index cannot hold", () => {
    const { engine } = engineWith("jobs");
    for (const value of [{ N: "1" }, { S: "" }, { NULL: true }, { S: "x".repeat(2049) }]) {
      const update = {
        TableName: "jobs",
        Key: item("a", "1"),
        UpdateExpression: "SET due = :v",
        ExpressionAttributeValues: { ":v": value },
      };
      expect(refusal(() => engine.execute("UpdateItem", update)).name).toBe("ValidationException");
    }
  });

  test("numbers are stored in one spelling wherever they are, and computed to 38 digits", () => {
    const { engine } = engineWith("jobs");
    const numbers = { L: [{ N: "1.50" }, { N: "1e3" }, { N: "-0.0" }, { N: "1E-7" }, { M: { n: { N: "007" } } }] };
    engine.execute("PutItem", {
      TableName: "jobs",
      Item: item("a", "1", { numbers, big: { N: "9".repeat(38) }, tenth: { N: "0.1" } }),
    });
    const update = {
      TableName: "jobs",
      Key: item("a", "1"),
      UpdateExpression: "SET s = tenth + :fifth, big = big + :one",
      ExpressionAttributeValues: { ...one, ":fifth": { N: "0.20" } },
    };
    const { Attributes } = engine.execute("UpdateItem", { ...update, ReturnValues: "ALL_NEW" });
    expect(Attributes).toMatchObject({
      numbers: { L: [{ N: "1.5" }, { N: "1000" }, { N: "0" }, { N: "0.0000001" }, { M: { n: { N: "7" } } }] },
      s: { N: "0.3" },
      big: { N: `1${"0".repeat(38)}` },
    });
    const beyond = { TableName: "jobs", Key: item("a", "1"), UpdateExpression: "SET big = big + tenth" };
    expect(refusal(() => engine.execute("UpdateItem", beyond)).name).toBe("ValidationException");
  });

  test("reading an index or a partition without items costs the least unit", () => {
    const { engine } = engineWith("jobs");
    const query = {
      TableName: "jobs",
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": { S: "p" } },
      ReturnConsumedCapacity: "TOTAL",
    };
    expect(engine.execute("Query", query).ConsumedCapacity).toEqual({ TableName: "jobs", CapacityUnits: 0.5 });
    expect(engine.execute("Query", { ...query, ConsistentRead: true }).ConsumedCapacity).toEqual({
      TableName: "jobs",
      CapacityUnits: 1,
    });
  });
});

test("an attribute may be named like a member of every object, and is absent until it is stored", () => {
  const { engine } = engineWith("jobs");
  const put = {
    TableName: "jobs",
    Item: item("a", "1"),
    ConditionExpression: "attribute_not_exists(#c) AND attribute_not_exists(toString)",
    ExpressionAttributeNames: { "#c": "constructor" },
  };
  engine.execute("PutItem", put);
  const named = JSON.parse('{"pk":{"S":"a"},"sk":{"S":"2"},"__proto__":{"S":"p"},"m":{"M":{"__proto__":{"N":"1"}}}}');
  engine.execute("PutItem", { TableName: "jobs", Item: named });
  expect(JSON.stringify(engine.execute("GetItem", { TableName: "jobs", Key: item("a", "2") }).Item)).toContain(
    '"__proto__":{"S":"p"}',
  );
});

test("what a caller does to its request afterwards does not reach the table", () => {
  const { engine } = engineWith("jobs");
  const given = item("a", "1", { l: { L: [{ S: "kept" }] } });
  engine.execute("PutItem", { TableName: "jobs", Item: given });
  given.l!.L!.push({ S: "late" });
  expect(engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") }).Item).toEqual(
    item("a", "1", { l: { L: [{ S: "kept" }] } }),
  );
});

test("parameters from before expressions are refused, not overlooked", () => {
  const { engine } = engineWith("jobs");
  const request = { TableName: "jobs", Item: item("a", "1"), Expected: { pk: { Exists: false } } };
  expect(refusal(() => engine.execute("PutItem", request)).message).toContain("Expected");
  expect(refusal(() => engine.execute("ExecuteStatement", {})).name).toBe("UnknownOperationException");
});

test("tables are created once, described, listed by pages, and gone when deleted", () => {
  const { engine } = engineWith("jobs");
  engine.execute("CreateTable", { ...definition("kept"), DeletionProtectionEnabled: true });
  expect(refusal(() => engine.execute("CreateTable", definition("jobs"))).name).toBe("ResourceInUseException");
  engine.execute("PutItem", { TableName: "jobs", Item: item("a", "1", { due: { S: "d" }, at: { S: "t" } }) });
  expect(engine.execute("DescribeTable", { TableName: "jobs" }).Table).toMatchObject({
    TableStatus: "ACTIVE",
    ItemCount: 1,
    GlobalSecondaryIndexes: [{ IndexName: "due", ItemCount: 1, IndexStatus: "ACTIVE" }],
  });
  expect(engine.execute("ListTables", { Limit: 1 })).toEqual({ TableNames: ["jobs"], LastEvaluatedTableName: "jobs" });
  expect(engine.execute("ListTables", { ExclusiveStartTableName: "jobs" })).toEqual({ TableNames: ["kept"] });
  expect(refusal(() => engine.execute("DeleteTable", { TableName: "kept" })).name).toBe("ValidationException");
  engine.execute("DeleteTable", { TableName: "jobs" });
  expect(refusal(() => engine.execute("GetItem", { TableName: "jobs", Key: item("a", "1") })).name).toBe(
    "ResourceNotFoundException",
  );
});

test("a scan in segments and by pages meets every item once", () => {
  const engine = createEngine({ now: Date.now });
  engine.execute("CreateTable", definition("jobs"));
  const all = Array.from({ length: 200 }, (_, at) => item(`p${at % 37}`, `s${at}`));
  for (const each of all) engine.execute("PutItem", { TableName: "jobs", Item: each });
  const met: string[] = [];
  for (let Segment = 0; Segment < 3; Segment++) {
    let ExclusiveStartKey: unknown;
    do {
      const answer = engine.execute("Scan", { TableName: "jobs", Segment, TotalSegments: 3, Limit: 7, ExclusiveStartKey });
      met.push(...(answer.Items as typeof all).map((each) => JSON.stringify(each)));
      ExclusiveStartKey = answer.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }
  expect(met.sort()).toEqual(all.map((each) => JSON.stringify(each)).sort());
});
