import type { AttributeValue } from "@berth/local-dynamodb/value.ts";
import type { Random } from "./random.ts";

const texts = ["", "a", "ab", "abc", "b", "hello", "é", "😀", "\uffee", "x y", "Z", "0"];
const numbers = [
  "0",
  "1",
  "2",
  "-1",
  "10",
  "1.5",
  "-2.50",
  "007",
  "1e3",
  "0.001",
  "100",
  "12345678901234567890",
  "99999999999999999999999999999999999999",
  "1e-130",
  "9e125",
  "+3",
  "-0",
];
const binaries = ["", "YQ==", "YWI=", "YWJj", "/w==", "gICA"];

export const text = (random: Random): AttributeValue => ({ S: random.pick(texts) });
export const number = (random: Random): AttributeValue => ({
  N: random.chance(0.7) ? String(random.upTo(12) - 3) : random.pick(numbers),
});
const binary = (random: Random): AttributeValue => ({ B: random.pick(binaries) });

function some<T>(random: Random, list: readonly T[], most: number): T[] {
  const chosen = Array.from({ length: 1 + random.upTo(most) }, () => random.pick(list));
  // A duplicate is left in now and then, because the service refuses it.
  return random.chance(0.03) ? chosen : [...new Set(chosen)];
}

function list(random: Random, depth: number): AttributeValue {
  return { L: Array.from({ length: random.upTo(5) }, () => oneValue(random, depth + 1)) };
}

function map(random: Random, depth: number): AttributeValue {
  const content: Record<string, AttributeValue> = {};
  if (random.chance(0.7)) content.k = random.chance(0.5) ? number(random) : text(random);
  if (random.chance(0.4)) content.name = text(random);
  if (random.chance(0.5))
    content.deep = { M: { x: number(random), ...(random.chance(0.5) && { y: oneValue(random, depth + 2) }) } };
  if (random.chance(0.4)) content.list = list(random, depth + 1);
  return { M: content };
}

/** Any value of any type; now and then one the service refuses. */
export function oneValue(random: Random, depth = 0): AttributeValue {
  return random.weighted<() => AttributeValue>([
    [5, () => text(random)],
    [5, () => number(random)],
    [1, () => binary(random)],
    [1, () => ({ BOOL: random.chance(0.5) })],
    [1, () => ({ NULL: true })],
    [1, () => ({ SS: some(random, texts, 3) })],
    [1, () => ({ NS: some(random, ["1", "2", "3", "4.5", "-1"], 3) })],
    [0.5, () => ({ BS: some(random, binaries, 3) })],
    [depth < 3 ? 1 : 0, () => list(random, depth)],
    [depth < 3 ? 1 : 0, () => map(random, depth)],
    [0.05, () => ({ N: random.pick(["abc", "", "1e126", "123456789012345678901234567890123456789", "1e-131", " 1"]) })],
    [0.03, () => random.pick<AttributeValue>([{ SS: [] }, { S: "a", N: "1" }, {}, { NULL: false }, { NS: ["1", "1.0"] }])],
  ])();
}

/** A value of the type the attribute mostly has. */
export function valueLike(random: Random, name: string): AttributeValue {
  switch (name) {
    case "n":
    case "d":
      return number(random);
    case "l":
      return list(random, 0);
    case "m":
      return map(random, 0);
    case "s":
      return { SS: some(random, ["a", "b", "c", "d"], 3) };
    case "ns":
      return { NS: some(random, ["1", "2", "3.0", "4"], 3) };
    case "bs":
      return { BS: some(random, ["YQ==", "Yg=="], 2) };
    case "t":
      return { BOOL: random.chance(0.5) };
    case "bin":
      return binary(random);
    default:
      return text(random);
  }
}
