import { COMPOSE_BYTES, lookupIn, readCompose } from "@berth/domain/compose/compose.ts";
import { EnvFileError, readEnvFile } from "@berth/domain/compose/env-file.ts";
import { interpolate, namesIn, TemplateError } from "@berth/domain/compose/template.ts";
import { Problem } from "@berth/domain/error.ts";
import { planNotes } from "@berth/domain/import/note.ts";
import { findSecret, looksSecret } from "@berth/domain/import/secret.ts";
import { createReader } from "@berth/domain/remote/events.ts";
import { cleanText } from "@berth/domain/remote/text.ts";
import { describe, expect, test } from "vitest";
import { environments, interpolations, type Shape, values, yamls } from "../api/worst/texts.ts";

/** This thread's own time: what else the machine and the test runner do is not in it. */
function milliseconds(work: () => void): number {
  const from = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1000;
}

/** Less than this says nothing of how it grows. */
const NOTHING_MS = 50;
const RUNS = 10;

/**
 * Twice as much takes at most three times as long. The least of some runs counts, because whatever disturbs one only adds to it; as soon as
 * that is within bounds no more are made.
 */
function grows(read: (text: string) => void, { text }: Shape, size: number): { once: number; twice: number } {
  const [small, large] = [text(size), text(size * 2)];
  let [once, twice] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 0; run < RUNS; run++) {
    twice = Math.min(
      twice,
      milliseconds(() => read(large)),
    );
    if (twice < NOTHING_MS) return { once: twice / 2, twice };
    once = Math.min(
      once,
      milliseconds(() => read(small)),
    );
    if (run > 0 && twice <= 3 * once) break;
  }
  return { once, twice };
}

const refusals = [Problem, TemplateError, EnvFileError];
/** Reads it, or refuses it in its own way. */
const tried = (read: (text: string) => unknown) => (text: string) => {
  try {
    read(text);
  } catch (error) {
    if (!refusals.some((each) => error instanceof each)) throw error;
  }
};

const variables = { A: "a".repeat(30_000), a: "b".repeat(100) };
const get = (name: string) => (Object.hasOwn(variables, name) ? variables[name as "A"] : undefined);
const lines = (name: string, line: string): Shape => ({ name, text: (size) => `${line}\n`.repeat(size / (line.length + 1)) });
const json =
  '{"name":"a","service":"a","image":"a","imageId":"a","state":"running","health":"","exit":0,"restarts":0,"started":"","finished":"","policy":""}';
const outputs: readonly Shape[] = [
  lines("events", "e\t1\tlog\tpull\tweb\thello"),
  lines("long events", `e\t1\tlog\tpull\tweb\t${"x".repeat(4000)}`),
  lines("events of escapes", `e\t1\tlog\t\t\t${"\u001b[31m\u001b]".repeat(400)}`),
  lines("fields", "r\tfact\tvalue"),
  lines("messages", "r\tmessage\tvalue"),
  lines("log lines", `r\tlog\t${"x".repeat(3000)}`),
  lines("containers", `r\tcontainer\t${json}\t${"1|1|1/tcp ".repeat(300)}`),
  lines("tabs", "\t".repeat(4000)),
  lines("empty lines", ""),
  lines("broken bytes", "\ufffd".repeat(1300)),
  { name: "a line without an end", text: (size) => "x".repeat(size) },
];

const groups: { what: string; size: number; shapes: readonly Shape[]; read: (text: string) => unknown }[] = [
  { what: "a Compose file", size: COMPOSE_BYTES / 16, shapes: yamls, read: (text) => readCompose(text, lookupIn(variables)) },
  { what: "a file of variables", size: 64 * 1024, shapes: environments, read: (text) => readEnvFile(text, get) },
  { what: "a text with variables", size: 64 * 1024, shapes: interpolations, read: (text) => interpolate(text, get) },
  { what: "the names in a text", size: 64 * 1024, shapes: interpolations, read: (text) => namesIn(text) },
  { what: "a name that may be a secret's", size: 256 * 1024, shapes: values, read: looksSecret },
  { what: "a text that may be a secret", size: 256 * 1024, shapes: values, read: (text) => findSecret({ a: text }, () => null) },
  {
    what: "an export of many values",
    size: 256 * 1024,
    shapes: [
      { name: "a list", text: (size) => JSON.stringify(Array.from({ length: size / 4 }, () => "a")) },
      {
        name: "members",
        text: (size) => JSON.stringify(Object.fromEntries(Array.from({ length: size / 12 }, (_, i) => [`x${i}`, "a"]))),
      },
      {
        name: "a long name over a list",
        text: (size) => JSON.stringify({ ["k".repeat(size / 2)]: Array.from({ length: size / 8 }, () => "a") }),
      },
      {
        name: "a compose file over and over",
        text: (size) => JSON.stringify({ apps: Array.from({ length: size / 16 }, () => ({ compose: "a" })) }),
      },
    ],
    read: (text) => findSecret(JSON.parse(text), () => ({ a: "b" })),
  },
  {
    what: "a line of a server",
    size: 8 * 1024,
    shapes: [...values, { name: "cut letters", text: (size) => `${"\ufffd".repeat(size - 1)}x` }],
    read: cleanText,
  },
  {
    what: "what a server says",
    size: 1024 * 1024,
    shapes: outputs,
    read: (text) => createReader(0, () => {}).push(Buffer.from(`berth 1 0\n${text}\n.\n`)),
  },
  {
    what: "what a server says, letter by letter",
    size: 16 * 1024,
    shapes: outputs,
    read: (text) => {
      const reader = createReader(0, () => {});
      for (const letter of Buffer.from(`berth 1 0\n${text}\n.\n`)) reader.push(Buffer.from([letter]));
    },
  },
];

describe.each(groups)("the time that reading $what takes grows no faster than its size", ({ size, shapes, read }) => {
  test.each(shapes)("$name", (shape) => {
    const { once, twice } = grows(tried(read), shape, size);
    expect(twice, `${twice.toFixed(0)} ms against ${once.toFixed(0)} ms for half as much`).toBeLessThanOrEqual(3 * once);
  });
});

test.each([
  { name: "of one app", app: () => "a" },
  { name: "of as many apps", app: (i: number) => `a${i}` },
])("the time that planning releases takes, $name, grows no faster than their number", ({ app }) => {
  const apps = Array.from({ length: 4000 }, (_, i) => ({ kind: "app" as const, name: app(i), action: "create" as const }));
  const plan = (text: string) =>
    planNotes(
      {
        targets: [],
        apps: [],
        webhooks: [],
        releases: Array.from({ length: text.length }, (_, i) => ({
          app: app(i),
          environment: "production",
          number: i,
          images: [],
          createdAt: "",
        })),
      },
      apps,
      new Map(),
    );
  const { once, twice } = grows(plan, { name: "", text: (size) => "x".repeat(size) }, 2000);
  expect(twice, `${twice.toFixed(0)} ms against ${once.toFixed(0)} ms`).toBeLessThanOrEqual(3 * once);
});

test("a long variable that every line asks for is refused before it has grown", () => {
  const image = "$A".repeat(30);
  const services = Array.from({ length: 190 }, (_, i) => `  s${i}: {image: a, ports: ['${image}']}\n`).join("");
  const used = milliseconds(() => {
    expect(() => readCompose(`services:\n${services}`, lookupIn(variables))).toThrow(/too long/);
  });
  const plain = milliseconds(() => readCompose(`services:\n${services}`, lookupIn({ A: "a" })));
  expect(used).toBeLessThanOrEqual(Math.max(NOTHING_MS, 3 * plain));
});

test("values that are made of those before them are refused before they have grown", () => {
  const text = `A0=${"a".repeat(100_000)}\n${Array.from({ length: 1000 }, (_, i) => `A${i + 1}=$A0$A0`).join("\n")}`;
  expect(() => readEnvFile(text, () => undefined)).toThrow(/too long/);
});
