import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import type { World } from "@berth/domain/context.ts";
import { TABLE } from "@berth/local/cloud/table.ts";
import { perform } from "@berth/local-dynamodb/command-door.ts";
import { unmarshalItem } from "@berth/local-dynamodb/marshal.ts";
import type { Process, Processes } from "./process.ts";
import type { Stage } from "./stage.ts";

type Row = Record<string, unknown>;
type Input = Readonly<Record<string, unknown>>;
interface Command {
  readonly input: Input;
}

/** One write that was accepted: its lines, and who wrote. The rows are as they are once the listener is told. */
export interface Written {
  readonly process: Process;
  readonly puts: readonly Row[];
  readonly keys: readonly string[];
  readonly transaction: boolean;
  /** Write units spent on it, and on attempts before it. */
  readonly units: number;
}

export interface Table {
  clientOf(process: Process): World["table"]["client"];
  onWritten(listener: (written: Written) => void): void;
}

const metadata = { httpStatusCode: 400, attempts: 1, totalRetryDelay: 0 };
const STALE_MILLISECONDS = 1000;
const nameOf = (row: Row) => `${String(row.pk)}|${String(row.sk)}`;

const throttled = (transaction: boolean, lines: number) =>
  transaction
    ? canceled("ThrottlingError", lines)
    : new ProvisionedThroughputExceededException({ message: "simulated", $metadata: metadata });
const canceled = (Code: string, lines: number) =>
  new TransactionCanceledException({
    message: "simulated",
    $metadata: metadata,
    CancellationReasons: Array.from({ length: lines }, (_, i) => ({ Code: i === 0 ? Code : "None" })),
  });
const timeOut = () => Object.assign(new Error("simulated time-out"), { name: "TimeoutError" });

/** The table's engine by its command door, with what the real service does besides: it refuses, it is slow, its answers get lost. */
export function createTable(stage: Stage, processes: Processes): Table {
  const { chance, engine, swarm, clock, tell } = stage;
  const listeners: ((written: Written) => void)[] = [];
  /** Rows as they were before their last change, for reads that may be a moment behind. */
  const before = new Map<string, { row: Row | undefined; at: number }>();
  const lastPages = new Map<string, Row[]>();
  let writer: Process | undefined;

  if (swarm.has("stale read"))
    engine.onRecord(({ dynamodb: { Keys, OldImage } }) => {
      const row = OldImage && (unmarshalItem(OldImage) as Row);
      before.set(nameOf(unmarshalItem(Keys) as Row), { row, at: clock.now() });
    });
  engine.onConsumed(({ write }) => {
    if (writer) writer.spent += write;
  });

  const behind = (row: Row): Row | undefined => {
    const old = before.get(nameOf(row));
    return old && clock.now() - old.at < STALE_MILLISECONDS && swarm.strike("stale read") ? old.row : row;
  };

  /** An index is always a moment behind; a read that is not asked to be consistent may be. */
  function staled(kind: string, input: Input, answer: Row): Row {
    if (kind === "GetCommand" && input.ConsistentRead !== true && answer.Item)
      return { ...answer, Item: behind(answer.Item as Row) };
    if (kind !== "QueryCommand" || input.ConsistentRead === true || !answer.Items) return answer;
    const items = answer.Items as Row[];
    if (input.IndexName === undefined) return { ...answer, Items: items.map(behind).filter((row) => row !== undefined) };
    const shard = String((input.ExpressionAttributeValues as Row)[":shard"]);
    const last = lastPages.get(shard) ?? [];
    lastPages.set(shard, items);
    return swarm.strike("stale read") ? { ...answer, Items: chance.hit(0.5) ? last : [] } : answer;
  }

  /** What code of another version does to rows: the next one adds fields, and ours must neither refuse nor need them. */
  const dressed = (process: Process, command: Command): Command => {
    if (process.version !== "next") return command;
    const add = (item: unknown) =>
      item && /^(JOB|TARGET|ENV|APP)#/.test(String((item as Row).sk)) ? { ...(item as Row), later: { version: 2 } } : item;
    const { input } = command;
    const lines = input.TransactItems as { Put?: { Item?: unknown } }[] | undefined;
    const changed = lines
      ? {
          ...input,
          TransactItems: lines.map((line) => (line.Put ? { ...line, Put: { ...line.Put, Item: add(line.Put.Item) } } : line)),
        }
      : input.Item
        ? { ...input, Item: add(input.Item) }
        : input;
    return Object.assign(Object.create(Object.getPrototypeOf(command)) as Command, command, { input: changed });
  };

  function written(process: Process, kind: string, input: Input): void {
    const lines = (input.TransactItems ?? [
      { [kind === "PutCommand" ? "Put" : kind === "UpdateCommand" ? "Update" : "Delete"]: input },
    ]) as Record<string, { Item?: Row; Key?: Row }>[];
    const puts: Row[] = [];
    const keys: string[] = [];
    for (const line of lines) {
      for (const [action, { Item, Key }] of Object.entries(line)) {
        if (action === "ConditionCheck") continue;
        if (Item) puts.push(Item);
        keys.push(nameOf(Item ?? Key ?? {}));
      }
    }
    const units = process.spent;
    for (const listener of listeners) listener({ process, puts, keys, transaction: kind === "TransactWriteCommand", units });
  }

  function act(process: Process, given: Command): Row {
    const kind = given.constructor.name;
    const writes =
      kind === "TransactWriteCommand" || kind === "PutCommand" || kind === "UpdateCommand" || kind === "DeleteCommand";
    const transaction = kind === "TransactWriteCommand";
    const lines = (given.input.TransactItems as unknown[] | undefined)?.length ?? 1;
    if (swarm.strike("table throttled")) throw throttled(transaction, lines);
    if (writes && swarm.strike("transaction in conflict"))
      throw transaction
        ? canceled("TransactionConflict", lines)
        : new TransactionConflictException({ message: "simulated", $metadata: metadata });
    if (writes && swarm.strike("write lost, time-out")) throw timeOut();
    const command = dressed(process, given);
    const once = (again = false) => {
      writer = process;
      try {
        const answer = perform(engine, command);
        if (writes && !again) written(process, kind, command.input);
        return answer;
      } finally {
        writer = undefined;
      }
    };
    const answer = once();
    if (writes) tell(process.name, `writes ${describe(command.input)}`);
    if (writes && swarm.strike("write done, time-out")) throw timeOut();
    if (writes && swarm.strike("write done twice by the client")) return once(true);
    return staled(kind, command.input, answer);
  }

  return {
    onWritten: (listener) => void listeners.push(listener),
    clientOf: (process) =>
      ({
        send: (command: Command) => processes.call(process, chance.between(1, 12), () => act(process, command)),
      }) as unknown as World["table"]["client"],
  };
}

function describe(input: Input): string {
  const lines = (input.TransactItems ?? [{ one: input }]) as Record<string, { Item?: Row; Key?: Row }>[];
  return lines
    .flatMap((line) => Object.values(line))
    .map(({ Item, Key }) => {
      const row = Item ?? Key ?? {};
      const sk = String(row.sk);
      return typeof row.status === "string" ? `${sk}=${row.status}` : sk;
    })
    .join(" ");
}

export const tableName = TABLE;
