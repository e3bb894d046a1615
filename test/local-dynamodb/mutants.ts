import type { Engine } from "@berth/local-dynamodb/engine.ts";
import { DynamoError } from "@berth/local-dynamodb/error.ts";
import type { Request } from "./items.ts";

/** An engine that is wrong in one way, to show that the differential test would see it. */
export interface Mutant {
  readonly name: string;
  readonly plant: (engine: Engine) => Engine;
}

const asked = (name: string, change: (operation: string, input: Request) => Request): Mutant => ({
  name,
  plant: (engine) => ({
    ...engine,
    execute: (operation, input) => engine.execute(operation, change(operation, input as Request)),
  }),
});

const answered = (name: string, change: (result: Request) => Request): Mutant => ({
  name,
  plant: (engine) => ({ ...engine, execute: (operation, input) => change(engine.execute(operation, input)) }),
});

/** The same request with every text member of this name, at any depth, changed. */
function rewritten(value: unknown, name: string, change: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => rewritten(each, name, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === name && typeof each === "string" ? change(each) : rewritten(each, name, change),
    ]),
  );
}

const inCondition = (name: string, change: (text: string) => string) =>
  asked(name, (_, input) => rewritten(input, "ConditionExpression", change) as Request);

function without(input: Request, name: string): Request {
  const { [name]: _, ...rest } = input;
  return rest;
}

export const mutants: readonly Mutant[] = [
  inCondition("<= means <", (text) => text.replaceAll("<=", "<")),
  inCondition("NOT means nothing", (text) => text.replaceAll("NOT ", "")),
  inCondition("OR means AND", (text) => text.replaceAll(" OR ", " AND ")),
  inCondition("contains() means begins_with()", (text) => text.replaceAll("contains(", "begins_with(")),
  asked("a delete's condition is not looked at", (operation, input) =>
    operation === "DeleteItem" ? without(input, "ConditionExpression") : input,
  ),
  asked("ScanIndexForward is not looked at", (_, input) => without(input, "ScanIndexForward")),
  asked(
    "the old item is not returned on failure",
    (_, input) => rewritten(input, "ReturnValuesOnConditionCheckFailure", () => "NONE") as Request,
  ),
  asked("a token is not remembered", (_, input) => without(input, "ClientRequestToken")),
  asked("a filter is not applied", (_, input) => without(input, "FilterExpression")),
  asked("reads are all consistent", (operation, input) => (operation === "GetItem" ? { ...input, ConsistentRead: true } : input)),
  asked(
    "subtraction adds",
    (_, input) => rewritten(input, "UpdateExpression", (text) => text.replaceAll(" - ", " + ")) as Request,
  ),
  asked(
    "DELETE does nothing",
    (_, input) =>
      rewritten(input, "UpdateExpression", (text) => text.replaceAll(/DELETE (#?\w+) :\w+/g, "REMOVE zzz")) as Request,
  ),
  answered("indexes cost nothing", (result) => ({
    ...result,
    ...(result.ConsumedCapacity !== undefined && {
      ConsumedCapacity: JSON.parse(
        JSON.stringify(result.ConsumedCapacity, (key, value) => (key === "GlobalSecondaryIndexes" ? undefined : value)),
      ),
    }),
  })),
  {
    name: "a canceled transaction leaves its first put behind",
    plant: (engine) => ({
      ...engine,
      execute(operation, input) {
        try {
          return engine.execute(operation, input);
        } catch (error) {
          if (error instanceof DynamoError && error.name === "TransactionCanceledException")
            leaveFirstPut(engine, input as Request);
          throw error;
        }
      },
    }),
  },
];

function leaveFirstPut(engine: Engine, input: Request): void {
  const [first] = input.TransactItems as { Put?: { TableName: string; Item: Request } }[];
  if (!first?.Put) return;
  try {
    engine.execute("PutItem", { TableName: first.Put.TableName, Item: first.Put.Item });
  } catch (error) {
    // The put may be what the transaction was refused for.
    if (!(error instanceof DynamoError)) throw error;
  }
}
