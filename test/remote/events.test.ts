import { createReader } from "@berth/domain/remote/events.ts";
import type { RunEvent } from "@berth/domain/remote/remote.ts";
import { cleanText } from "@berth/domain/remote/text.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

function read(bytes: Buffer, cuts: readonly number[] = [], from = 0) {
  const events: RunEvent[] = [];
  const reader = createReader(from, (event) => events.push(event));
  let start = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    reader.push(bytes.subarray(start, cut));
    start = cut;
  }
  return { reader, events };
}

const output = (...lines: string[]) => Buffer.from(`${lines.join("\n")}\n`);

test("what a login shell prints first is not taken for events", () => {
  const { reader, events } = read(
    output("Welcome!", "e\t0\tlog\t\t\tnoise", "berth 1 4", "e\t0\tstep\tpull\t\t", "r\tcode\t0", "."),
    [],
    4,
  );
  expect(events.map(({ seq, type }) => [seq, type])).toEqual([
    [5, "step"],
    [6, "result"],
  ]);
  expect(reader.exit).toEqual({ code: 0, log: [], changed: false, rolledBack: false, data: {} });
});

test("without the end there is no verdict", () => {
  expect(read(output("berth 1 0", "r\tcode\t0")).reader.exit).toBeUndefined();
  expect(read(Buffer.from("berth 1 0\nr\tcode\t0\n.")).reader.exit).toBeUndefined();
});

test("a failure has everything the server said of it, and nothing it may not say", () => {
  const { reader } = read(
    output(
      "berth 1 0",
      "r\tcode\t1",
      "r\tclass\tunhealthy",
      "r\tstep\tverify",
      "r\tservice\tweb",
      "r\tmessage\tweb is\tnot healthy",
      "r\tchanged\ttrue",
      "r\trolledBack\ttrue",
      "r\tdownMs\t812",
      "r\tlog\t\x1b[31mone\x1b[0m",
      "r\tlog\ttwo\x07",
      "r\tholder\tjob_1",
      ".",
      "r\tcode\t0",
      "e\t0\tlog\t\t\tlate",
    ),
  );
  expect(reader.exit).toEqual({
    code: 1,
    class: "unhealthy",
    step: "verify",
    service: "web",
    message: "web is not healthy",
    changed: true,
    rolledBack: true,
    downMs: 812,
    log: ["one", "two"],
    data: { holder: "job_1" },
  });
  expect(read(output("berth 1 0", "r\tcode\tx", "r\tclass\tmade up", ".")).reader.exit).toMatchObject({
    code: 1,
    class: "internal",
  });
});

test("however the bytes are cut into packets, the events are the same", () => {
  const bytes = output(
    "hello",
    "berth 1 0",
    "e\t1767323045678\tlog\tstart\twéb\t漢字 🚢 ünï",
    "e\tx\tmystery\t\t\ta\tb",
    "r\tcode\t0",
    ".",
  );
  const whole = read(bytes).events.map(({ at: _, ...event }) => event);
  expect(whole[0]).toEqual({ seq: 1, type: "log", step: "start", service: "wéb", text: "漢字 🚢 ünï" });
  expect(whole[1]).toEqual({ seq: 2, type: "log", text: "a b" });
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
      expect(read(bytes, cuts).events.map(({ at: _, ...event }) => event)).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

test("a server's clock that is out of all time does not say when", () => {
  const times = ["0", "999999999999999", "-1", "+033658-09-27T01:46:39.999Z", "-000001-01-01T00:00:00Z", "x", "1767323045678"];
  const { events } = read(output("berth 1 0", ...times.map((time) => `e\t${time}\tlog\t\t\tx`), "r\tcode\t0", "."));
  for (const { at } of events) expect(at).toMatch(/^(19[789]|20)\d+-\d\d-\d\dT/);
  expect(events[6]?.at).toBe("2026-01-02T03:04:05.678Z");
});

test("a line is cut at 4 KB, between characters, and takes no more memory than that", () => {
  const { events } = read(
    output("berth 1 0", `e\t0\tlog\t\t\t${"漢".repeat(5_000_000)}`, "e\t0\tlog\t\t\tnext", "r\tcode\t0", "."),
    [10, 5_000, 5_001],
  );
  expect(Buffer.byteLength(events[0]?.text ?? "")).toBeLessThanOrEqual(4_096);
  expect(events[0]?.text).toMatch(/^漢+$/u);
  expect(events[1]?.text).toBe("next");
});

test("a verdict of fields without end is cut, in number and in length, and takes no more memory than that", () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => [`r\tfact${i}\t${"x".repeat(3500)}`, `r\tlog\tline ${i}`]).flat();
  const { reader } = read(output("berth 1 0", "r\tcode\t0", ...lines, "."));
  const facts = Object.values(reader.exit?.data ?? {});
  expect(facts.length).toBeLessThanOrEqual(60);
  expect(Math.max(...facts.map(({ length }) => length))).toBeLessThanOrEqual(1000);
  expect(reader.exit?.log).toEqual(Array.from({ length: 40 }, (_, i) => `line ${19_960 + i}`));
  // A row of the table has 400 KB.
  expect(JSON.stringify(reader.exit).length).toBeLessThan(100_000);
  const messages = Array.from({ length: 20_000 }, () => "r\tmessage\tone more");
  const told = read(output("berth 1 0", "r\tcode\t1", ...messages, ".")).reader.exit?.message ?? "";
  expect(told.split("\n").length).toBeLessThanOrEqual(100);
});

test("a line without an end is not held, however long it is", () => {
  const reader = createReader(0, () => {});
  reader.push(output("berth 1 0"));
  const chunk = Buffer.alloc(65_536, "x");
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 20_000; i++) reader.push(chunk);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});

test("whatever bytes a server sends, reading them neither throws nor lets a control character through", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("berth 1 0", ".", "e\t", "r\t", "r\tlog\t\x1b]0;x\x07y", "e\t1\tlog\t\t\t\u202eabc"),
  );
  fc.assert(
    fc.property(fc.array(line), fc.uint8Array(), (lines, noise) => {
      const { events } = read(Buffer.concat([output("berth 1 0", ...lines), noise]));
      for (const event of events) expect(JSON.stringify(event)).not.toMatch(/\\u00[01]|\\[bfnrt]|[\x7f-\x9f\u202a-\u202e]/u);
    }),
    { numRuns: 1_000 },
  );
});

describe("text is freed", () => {
  test.each([
    ["\x1b[1;31mred\x1b[0m", "red"],
    ["\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"],
    ["\x1b]0;title\x1b\\text", "text"],
    ["a\tb\rc\bd", "a b cd"],
    ["\x9b31mx", "31mx"],
    ["safe \u202egnp.exe", "safe gnp.exe"],
    ["one\u2028two\u2029\u061cthree", "onetwothree"],
    ["\x1bPq#0;2\x1b\\sixel", "sixel"],
    ["cut \ufffd", "cut"],
  ])("%j is %j", (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});

test("past so many events of a run a server is only counted with, and its verdict is heard", () => {
  const heard: RunEvent[] = [];
  const reader = createReader(100, (event) => heard.push(event), 150);
  reader.push(output("berth 1 100", ...Array.from({ length: 5000 }, (_, i) => `e\t0\tstep\t\t\t${i}`), "r\tcode\t0", "."));
  expect(heard.map(({ seq, type }) => [seq, type])).toEqual([
    ...Array.from({ length: 50 }, (_, i) => [101 + i, "step"]),
    [5101, "result"],
  ]);
  expect(reader.exit?.code).toBe(0);
});

test("of a server that asks again and again the first question alone is heard, with what it reported before it", () => {
  const asked: string[] = [];
  const reader = createReader(
    0,
    () => {},
    undefined,
    (report) => asked.push(Buffer.from(report ?? []).toString()),
  );
  const part = Buffer.from("report").toString("base64");
  reader.push(Buffer.from(`berth 1 0\np\t${part}\n${"p\t\n".repeat(1000)}${"q\n".repeat(1000)}p\t${part}\nr\tcode\t0\n.\n`));
  expect(asked).toEqual(["report"]);
  expect(Buffer.from(reader.exit?.report ?? []).toString()).toBe("report");
});

test("a server whose report is too long is answered without one, however short its lines are", () => {
  const asked: unknown[] = [];
  const reader = createReader(
    0,
    () => {},
    undefined,
    (report) => asked.push(report),
  );
  reader.push(Buffer.from(`berth 1 0\n${"p\tAAAA\n".repeat(50_000)}q\nr\tcode\t0\n.\n`));
  expect(asked).toEqual([undefined]);
  expect(reader.exit?.report).toBeUndefined();
});
