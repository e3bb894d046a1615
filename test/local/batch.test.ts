import { expect, test } from "vitest";
import { failedOf } from "../../packages/local/src/lambda/batch.ts";
import { matches } from "../../packages/local/src/lambda/filter.ts";

const ids = ["a", "b", "c"];
const failed = (answer: unknown) => [...failedOf(ids, answer)];

test("nothing, an empty object, a null list and an empty list are success for all", () => {
  for (const answer of [undefined, null, {}, { batchItemFailures: null }, { batchItemFailures: [] }])
    expect(failed(answer)).toEqual([]);
});

test("a list names the ones that failed", () => {
  expect(failed({ batchItemFailures: [{ itemIdentifier: "b" }] })).toEqual(["b"]);
});

test("an entry without an identifier, with an empty or null one, or with one not in the batch is failure for all", () => {
  for (const entry of [{}, { itemIdentifier: "" }, { itemIdentifier: null }, { itemIdentifier: "z" }, { id: "a" }, null])
    expect(failed({ batchItemFailures: [entry] })).toEqual(ids);
});

test("an answer of another shape is failure for all", () => {
  for (const answer of ["done", 7, { batchItemFailures: "a" }, { batchItemFailures: {} }]) expect(failed(answer)).toEqual(ids);
});

test("one bad entry among good ones is failure for all", () => {
  expect(failed({ batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "" }] })).toEqual(ids);
});

test("a filter pattern lets through what has one of the values of every field it names", () => {
  const pattern = { eventName: ["INSERT"], dynamodb: { Keys: { pk: { S: [{ prefix: "TENANT#" }] } } } };
  const record = (eventName: string, pk: string) => ({ eventName, dynamodb: { Keys: { pk: { S: pk } } } });
  expect(matches(pattern, record("INSERT", "TENANT#1"))).toBe(true);
  expect(matches(pattern, record("MODIFY", "TENANT#1"))).toBe(false);
  expect(matches(pattern, record("INSERT", "TOKEN#1"))).toBe(false);
  expect(matches(pattern, { eventName: "INSERT" })).toBe(false);
});

test("exists, suffix and anything-but are known, and an unknown rule is an error rather than a silent no", () => {
  expect(matches({ a: [{ exists: false }] }, {})).toBe(true);
  expect(matches({ a: [{ suffix: ".ts" }] }, { a: "x.ts" })).toBe(true);
  expect(matches({ a: [{ "anything-but": ["x"] }] }, { a: "x" })).toBe(false);
  expect(() => matches({ a: [{ numeric: [">", 1] }] }, { a: 2 })).toThrow("numeric");
});
