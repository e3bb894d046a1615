import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import { DynamoError } from "@berth/local-dynamodb/error.ts";
import type { Item } from "@berth/local-dynamodb/value.ts";

const key = (name: string, kind: "HASH" | "RANGE") => ({ AttributeName: name, KeyType: kind });
const text = (name: string) => ({ AttributeName: name, AttributeType: "S" });

/** A table like the product's: two string keys, one sparse index of keys only, a stream. */
export const definition = (name: string) => ({
  TableName: name,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [text("pk"), text("sk"), text("due"), text("at")],
  KeySchema: [key("pk", "HASH"), key("sk", "RANGE")],
  GlobalSecondaryIndexes: [
    { IndexName: "due", KeySchema: [key("due", "HASH"), key("at", "RANGE")], Projection: { ProjectionType: "KEYS_ONLY" } },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
});

export interface Clock {
  now: number;
}

/** An engine with one such table, and a clock to turn. */
export function engineWith(name: string, folder?: string): { readonly engine: Engine; readonly clock: Clock } {
  const clock = { now: Date.UTC(2025, 0, 1) };
  const engine = createEngine({ now: () => clock.now, ...(folder !== undefined && { folder }) });
  engine.execute("CreateTable", definition(name));
  return { engine, clock };
}

export const item = (pk: string, sk: string, more: Item = {}): Item => ({ pk: { S: pk }, sk: { S: sk }, ...more });

/** The refusal an engine answers with. */
export function refusal(run: () => unknown): DynamoError {
  try {
    run();
  } catch (error) {
    if (error instanceof DynamoError) return error;
    throw error;
  }
  throw new Error("The engine did not refuse");
}
