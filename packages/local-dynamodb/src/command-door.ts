import * as sdk from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Engine } from "./engine.ts";
import { DynamoError } from "./error.ts";
import { marshalItem, rawItem, unmarshalItem } from "./marshal.ts";
import type { Item } from "./value.ts";

type Members = Readonly<Record<string, unknown>>;
type Answer = Record<string, unknown>;

/** How a document command's plain values become the engine's and back. */
interface Translation {
  readonly operation: string;
  readonly input: (input: Members) => Members;
  readonly output: (answer: Answer) => Answer;
}

const each = <T>(list: unknown, change: (element: Members) => T): T[] => (list as readonly Members[]).map(change);

const eachMember = (map: unknown, change: (value: unknown) => unknown): Answer =>
  Object.fromEntries(Object.entries(map as Members).map(([name, value]) => [name, change(value)]));

/** The same members, with these ones of them, where they are there, changed. */
function changed(members: Members, names: readonly string[], change: (value: unknown) => unknown): Answer {
  const copy: Answer = { ...members };
  for (const name of names) if (copy[name] !== undefined) copy[name] = change(copy[name]);
  return copy;
}

const marshalled = (members: Members, ...names: readonly string[]) => changed(members, names, marshalItem);
const unmarshalled = (members: Members, ...names: readonly string[]) =>
  changed(members, names, (item) => unmarshalItem(item as Item));
const unmarshalledList = (list: unknown) => (list as readonly Item[]).map(unmarshalItem);
const same = (members: Members) => members as Answer;

const written = (input: Members) => marshalled(input, "Item", "Key", "ExpressionAttributeValues");
const found = (input: Members) => marshalled(input, "ExclusiveStartKey", "ExpressionAttributeValues");
const page = (answer: Answer) => unmarshalled(changed(answer, ["Items"], unmarshalledList), "LastEvaluatedKey");
const attributes = (answer: Answer) => unmarshalled(answer, "Attributes");
const actions = (item: Members) => eachMember(item, (action) => (action === undefined ? action : written(action as Members)));
const keys = (request: unknown) => changed(request as Members, ["Keys"], (list) => each(list, marshalItem));
const plainKeys = (request: unknown) => changed(request as Members, ["Keys"], unmarshalledList);
const batched = (list: unknown) => each(list, actions);
const plainBatched = (list: unknown) =>
  each(list, (request) => eachMember(request, (action) => unmarshalled(action as Members, "Item", "Key")));

const documents: Readonly<Record<string, Translation>> = {
  GetCommand: { operation: "GetItem", input: written, output: (answer) => unmarshalled(answer, "Item") },
  PutCommand: { operation: "PutItem", input: written, output: attributes },
  UpdateCommand: { operation: "UpdateItem", input: written, output: attributes },
  DeleteCommand: { operation: "DeleteItem", input: written, output: attributes },
  QueryCommand: { operation: "Query", input: found, output: page },
  ScanCommand: { operation: "Scan", input: found, output: page },
  BatchGetCommand: {
    operation: "BatchGetItem",
    input: (input) => changed(input, ["RequestItems"], (requests) => eachMember(requests, keys)),
    output: (answer) =>
      changed(
        changed(answer, ["Responses"], (lists) => eachMember(lists, unmarshalledList)),
        ["UnprocessedKeys"],
        (requests) => eachMember(requests, plainKeys),
      ),
  },
  BatchWriteCommand: {
    operation: "BatchWriteItem",
    input: (input) => changed(input, ["RequestItems"], (requests) => eachMember(requests, batched)),
    output: (answer) => changed(answer, ["UnprocessedItems"], (requests) => eachMember(requests, plainBatched)),
  },
  TransactWriteCommand: {
    operation: "TransactWriteItems",
    input: (input) => changed(input, ["TransactItems"], (items) => each(items, actions)),
    output: same,
  },
  TransactGetCommand: {
    operation: "TransactGetItems",
    input: (input) => changed(input, ["TransactItems"], (items) => each(items, actions)),
    output: (answer) => changed(answer, ["Responses"], (items) => each(items, (each) => unmarshalled(each, "Item"))),
  },
};

for (const operation of ["CreateTable", "DescribeTable", "DeleteTable", "ListTables", "UpdateTimeToLive", "DescribeTimeToLive"]) {
  (documents as Record<string, Translation>)[`${operation}Command`] = { operation, input: same, output: same };
}

const metadata = (httpStatusCode: number) => ({ httpStatusCode, attempts: 1, totalRetryDelay: 0 });

/** Do one document command at once. Throws what the SDK's client throws: its exception classes, with items in the raw form. */
export function perform(engine: Engine, command: { readonly input: unknown }): Record<string, unknown> {
  const translation = documents[command.constructor.name];
  if (!translation) throw new Error(`The command door does not take ${command.constructor.name}`);
  const input = translation.input(command.input as Members);
  try {
    return { $metadata: metadata(200), ...translation.output(engine.execute(translation.operation, input)) };
  } catch (error) {
    throw error instanceof DynamoError ? exception(error) : error;
  }
}

type ExceptionClass = new (options: Record<string, unknown>) => sdk.DynamoDBServiceException;

/** The exception an SDK client makes of a refusal. */
export function exception({ name, message, extra }: DynamoError): sdk.DynamoDBServiceException {
  const known = Object.hasOwn(sdk, name) ? (sdk as unknown as Record<string, ExceptionClass>)[name]! : undefined;
  const options = { message, $metadata: metadata(400), ...raw(extra) };
  return known ? new known(options) : new sdk.DynamoDBServiceException({ ...options, name, $fault: "client" });
}

function raw(extra: Members): Answer {
  const items = changed(extra, ["Item"], (item) => rawItem(item as Item));
  return changed(items, ["CancellationReasons"], (reasons) => each(reasons, raw));
}

/**
 * A stand-in for the document client that asks the engine directly: no serialising, no sockets, no middleware. To inject faults
 * wrap it: an object with its own `send` that awaits, refuses or delegates.
 */
export function commandDoor(engine: Engine): Pick<DynamoDBDocumentClient, "send"> {
  return { send: async (command: { readonly input: unknown }) => perform(engine, command) } as unknown as Pick<
    DynamoDBDocumentClient,
    "send"
  >;
}
