import { listedFields } from "@berth/domain/entitlement/listed-fields.ts";
import type { Engine } from "@berth/local-dynamodb/engine.ts";

export const TABLE = "berth-local";

/** The product's one table: string keys, the sparse index of due work, TTL. Made once; a table that is there stays as it is. */
export function makeTable(engine: Engine, name: string = TABLE): void {
  const { TableNames } = engine.execute("ListTables", {}) as { TableNames: string[] };
  if (TableNames.includes(name)) return;
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
  engine.execute("CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["pk", "sk", "duePk", "dueAt"].map(text),
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "due",
        KeySchema: [
          { AttributeName: "duePk", KeyType: "HASH" },
          { AttributeName: "dueAt", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: Object.keys(listedFields) },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  });
  engine.execute("UpdateTimeToLive", { TableName: name, TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true } });
}
