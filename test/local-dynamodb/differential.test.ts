import { Agent, request } from "node:http";
import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import { DynamoError } from "@berth/local-dynamodb/error.ts";
import { reserved } from "@berth/local-dynamodb/reserved.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DynamoDbLocal, signature, startDynamoDbLocal } from "../../scripts/dynamodb-local.ts";
import { type Ask, canonical, type Outcome, perform } from "./compare.ts";
import { edgeSteps } from "./edges.ts";
import { type Request, type Step, type Tables, tableDefinitions } from "./items.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { newRandom } from "./random.ts";
import { nextStep } from "./requests.ts";

const seed = Number(process.env.BERTH_DYNAMODB_SEED ?? 20250101);
const runs = 40;
const stepsPerRun = Number(process.env.BERTH_DYNAMODB_STEPS ?? 520);
const atOnce = 12;

/** What DynamoDB Local answered to a run's steps, to ask any engine the same again. */
interface Transcript {
  readonly run: number;
  readonly tables: Tables;
  readonly steps: { readonly step: Step; readonly expected: unknown }[];
}

let oracle: DynamoDbLocal;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const transcripts: Transcript[] = [];

beforeAll(async () => {
  oracle = await startDynamoDbLocal();
}, 120_000);

afterAll(async () => {
  agent.destroy();
  await oracle?.stop();
});

const askOracle: Ask = (operation, input) =>
  new Promise((resolve, reject) => {
    const headers = { ...signature, "x-amz-target": `DynamoDB_20120810.${operation}` };
    const asked = request({ agent, host: "127.0.0.1", port: oracle.port, method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { __type: type, Message, message, ...members } = JSON.parse(Buffer.concat(chunks).toString()) as Request;
        if (response.statusCode === 200) resolve({ result: members });
        else if (response.statusCode === 400) resolve({ error: String(type).split("#")[1]!, members });
        else reject(new Error(`DynamoDB Local failed on ${operation} ${JSON.stringify(input)}: ${type} ${Message ?? message}`));
      });
    });
    // It closes a connection on which nothing was asked for a while, and whoever asks at that moment has to ask again: nothing was done.
    asked.once("error", (error) => {
      if (asked.reusedSocket && "code" in error && error.code === "ECONNRESET") resolve(askOracle(operation, input));
      else reject(error);
    });
    asked.end(JSON.stringify(input));
  });

const askEngine =
  (engine: Engine) =>
  (operation: string, input: Request): Outcome => {
    try {
      return { result: JSON.parse(JSON.stringify(engine.execute(operation, structuredClone(input)))) as Request };
    } catch (error) {
      if (!(error instanceof DynamoError)) throw error;
      return { error: error.name, members: JSON.parse(JSON.stringify(error.extra)) as Request };
    }
  };

const tablesOf = (run: number): Tables => ({ main: `main-${run}`, numeric: `numeric-${run}`, binary: `binary-${run}` });

/** Hear DynamoDB Local out about steps. */
async function hear(run: number, steps: readonly Step[]): Promise<Transcript> {
  const tables = tablesOf(run);
  for (const definition of tableDefinitions(tables)) await askOracle("CreateTable", definition);
  const heard: Transcript["steps"] = [];
  for (const step of steps) heard.push({ step, expected: canonical(await perform(askOracle, step), step, true) });
  return { run, tables, steps: heard };
}

/** Make up a run and hear DynamoDB Local out about it. */
async function record(run: number): Promise<Transcript> {
  const tables = tablesOf(run);
  const random = newRandom(seed * 1000 + run);
  const steps: Step[] = [];
  for (let at = 0; at < stepsPerRun; at++) steps.push(nextStep({ random, tables, halfKeys: run % 4 === 0 }, steps));
  return hear(run, steps);
}

const difference = (step: Step, expected: unknown, actual: unknown) =>
  `${JSON.stringify(step)}\nDynamoDB Local: ${JSON.stringify(expected)}\nthis engine:    ${JSON.stringify(actual)}`.replaceAll(
    /x{100,}/g,
    "x…",
  );

/** Ask an engine what DynamoDB Local was asked. Returns the differences, the first of each run only. */
async function differences(engine: Engine, heard: readonly Transcript[]): Promise<string[]> {
  const found: string[] = [];
  for (const { run, tables, steps } of heard) {
    for (const definition of tableDefinitions(tables)) engine.execute("CreateTable", definition);
    for (const [at, { step, expected }] of steps.entries()) {
      const actual = canonical(await perform(askEngine(engine), step), step, false);
      if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
      found.push(`seed ${seed}, run ${run}, step ${at}: ${difference(step, expected, actual)}`);
      break;
    }
  }
  return found;
}

test("of 20,800 random requests every one has DynamoDB Local's answer, error name, cancellation reasons and capacity", {
  timeout: 300_000,
}, async () => {
  const waiting = Array.from({ length: runs }, (_, run) => run);
  const worker = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) transcripts.push(await record(run));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  expect(transcripts.reduce((total, { steps }) => total + steps.length, 0)).toBe(runs * stepsPerRun);
  const found = await differences(createEngine({ now: () => Date.UTC(2025, 0, 1) }), transcripts);
  expect(found.join("\n\n")).toBe("");
});

test("the random requests are neither all refused nor all accepted", () => {
  const outcomes = transcripts.flatMap(({ steps }) => steps.map(({ expected }) => nameOf(expected)));
  const share = (name: string) => outcomes.filter((each) => each === name).length / outcomes.length;
  expect(share("done")).toBeGreaterThan(0.4);
  expect(share("ConditionalCheckFailedException")).toBeGreaterThan(0.03);
  expect(share("TransactionCanceledException")).toBeGreaterThan(0.01);
  expect(share("ValidationException")).toBeGreaterThan(0.05);
});

function nameOf(expected: unknown): string {
  if (typeof expected === "string") return expected;
  return (expected as { error?: string }).error ?? "done";
}

test.each(mutants)("a planted difference is found: $name", async ({ plant }: Mutant) => {
  const engine = plant(createEngine({ now: () => Date.UTC(2025, 0, 1) }));
  const found = await differences(engine, transcripts);
  expect(found.length).toBeGreaterThan(0);
});

test("of requests picked by hand for the grammar's corners and the limits every one has DynamoDB Local's answer", async () => {
  const heard = await hear(1000, edgeSteps(tablesOf(1000)));
  const outcomes: string[] = [];
  // One engine per step would forget; each difference is reported, because these steps hardly depend on one another.
  const engine = createEngine({ now: () => Date.UTC(2025, 0, 1) });
  for (const definition of tableDefinitions(heard.tables)) engine.execute("CreateTable", definition);
  for (const { step, expected } of heard.steps) {
    const actual = canonical(await perform(askEngine(engine), step), step, false);
    if (JSON.stringify(actual) !== JSON.stringify(expected)) outcomes.push(difference(step, expected, actual));
  }
  expect(outcomes.join("\n\n")).toBe("");
});

/** On the service's published list, but taken bare by DynamoDB Local. */
const lenient = new Set(["CONVERT", "SIZE"]);

test("every reserved word is refused bare, in any case, and no other word is", async () => {
  const engine = createEngine({ now: Date.now });
  const definition = { ...tableDefinitions({ main: "words", numeric: "words-n", binary: "words-b" })[0]! };
  engine.execute("CreateTable", definition);
  await askOracle("CreateTable", definition);
  const near = [
    "abortion",
    "absolutely",
    "tokens",
    "statuses",
    "named",
    "version",
    "holder",
    "fence",
    "tenant",
    "heldUntil",
    "slots",
    "job",
    "app",
    "due",
  ];
  const words = [...reserved, ...near];
  const ask = (word: string) => ({
    TableName: "words",
    Key: { pk: { S: "a" }, sk: { S: "a" } },
    ProjectionExpression: word.toLowerCase(),
  });
  const expected = await Promise.all(words.map((word) => askOracle("GetItem", ask(word))));
  const actual = words.map((word) => askEngine(engine)("GetItem", ask(word)));
  const refused = (outcomes: readonly Outcome[]) => words.filter((word, at) => "error" in outcomes[at]! && !lenient.has(word));
  expect(refused(actual)).toEqual(refused(expected));
  expect(refused(expected)).toHaveLength(reserved.size - lenient.size);
});
