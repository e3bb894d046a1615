import { type Draft, newDraft, spoil } from "./expressions.ts";
import { none, type Request, report, type Step, type Where, writeReport } from "./items.ts";
import type { Random } from "./random.ts";
import { batchGet, get, query, scan, transactGet } from "./reads.ts";
import { batchWrite, change, put, remove, transactWrite } from "./writes.ts";

/** Make up the next step of a run. */
export function nextStep(where: Where, earlier: readonly Step[]): Step {
  const { random } = where;
  const draft = newDraft(random);
  const step = random.weighted<() => Step>([
    [
      22,
      () => ({ operation: "PutItem", input: { ...put(where, draft), ...returns(random, ["ALL_OLD"]), ...writeReport(where) } }),
    ],
    [26, () => updateStep(where, draft)],
    [
      6,
      () => ({
        operation: "DeleteItem",
        input: { ...remove(where, draft), ...returns(random, ["ALL_OLD"]), ...writeReport(where) },
      }),
    ],
    [
      9,
      () => ({
        operation: "GetItem",
        input: { ...get(where), ...(random.chance(0.5) && { ConsistentRead: true }), ...report(random) },
      }),
    ],
    [14, () => ({ operation: "Query", input: query(where), pages: true })],
    [1.5, () => ({ operation: "Scan", input: scan(where), pages: true })],
    [3, () => ({ operation: "BatchGetItem", input: batchGet(where) })],
    [3, () => ({ operation: "BatchWriteItem", input: batchWrite(where) })],
    [13, () => ({ operation: "TransactWriteItems", input: transactWrite(where) })],
    [
      1,
      () =>
        random.pick(earlier.filter(({ input }) => input.ClientRequestToken)) ?? {
          operation: "TransactWriteItems",
          input: transactWrite(where),
        },
    ],
    [3, () => ({ operation: "TransactGetItems", input: transactGet(where) })],
  ])();
  const member = [
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
  ].find((name) => step.input[name]);
  if (member && random.chance(0.05)) spoil(random, step.input, member);
  return step;
}

function updateStep(where: Where, draft: Draft): Step {
  const { random } = where;
  const wants = returns(random, ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]);
  const wholeOnly = JSON.stringify(wants).includes("UPDATED");
  return { operation: "UpdateItem", input: { ...change(where, draft, wholeOnly), ...wants, ...writeReport(where) } };
}

const returns = (random: Random, kinds: readonly string[]): Request =>
  random.chance(0.6) ? { ReturnValues: random.pick(kinds) } : none;
