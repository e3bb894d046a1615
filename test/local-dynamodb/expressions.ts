import type { AttributeValue } from "@berth/local-dynamodb/value.ts";
import type { Random } from "./random.ts";
import { number, oneValue, text, valueLike } from "./values.ts";

/** The expressions of one request while it is made up, with the placeholders they use. */
export interface Draft {
  readonly random: Random;
  readonly names: Record<string, string>;
  readonly values: Record<string, AttributeValue>;
}

export const newDraft = (random: Random): Draft => ({ random, names: {}, values: {} });

/** The placeholders' members of a request; absent where there are none. */
export const placeholders = ({ names, values }: Draft) => ({
  ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
});

const reservedNames = new Set(["name", "status"]);
const attributes = ["a", "b", "n", "d", "l", "m", "s", "ns", "bs", "t", "bin", "name", "status", "zz"];

export function named(draft: Draft, name: string): string {
  if (!reservedNames.has(name) && !draft.random.chance(0.25)) return name;
  const ref = `#${name}${draft.random.chance(0.1) ? "_1" : ""}`;
  draft.names[ref] = name;
  return ref;
}

export function valued(draft: Draft, value: AttributeValue): string {
  const known = Object.keys(draft.values);
  if (known.length > 0 && draft.random.chance(0.1)) return draft.random.pick(known);
  return freshlyValued(draft, value);
}

function freshlyValued(draft: Draft, value: AttributeValue): string {
  const known = Object.keys(draft.values);
  const ref = `:v${known.length}`;
  draft.values[ref] = value;
  return ref;
}

function path(draft: Draft, names: readonly string[] = attributes): string {
  const { random } = draft;
  const head = random.pick(names);
  const start = named(draft, head);
  if (head === "m" && random.chance(0.7)) {
    const child = `${start}.${named(draft, random.pick(["k", "name", "deep", "list", "no"]))}`;
    if (!random.chance(0.3)) return child;
    return random.chance(0.5) ? `${child}[${random.upTo(3)}]` : `${child}.${named(draft, random.pick(["x", "y"]))}`;
  }
  if (head === "l" && random.chance(0.7)) return `${start}[${random.upTo(5)}]${random.chance(0.1) ? ".x" : ""}`;
  return random.chance(0.03) ? `${start}.q` : start;
}

/** A value of the type that the attribute mostly has, so that comparisons are not all between strangers. */
function literal(draft: Draft, like: string): string {
  const { random } = draft;
  return valued(draft, random.chance(0.8) ? valueLike(random, like.replace(/^#/, "").replace(/[._[].*$/, "")) : oneValue(random));
}

function operand(draft: Draft): string {
  const { random } = draft;
  const made = random.weighted<() => string>([
    [6, () => path(draft)],
    [1, () => `size(${path(draft)})`],
    [0.3, () => literal(draft, "a")],
  ])();
  return random.chance(0.05) ? `(${made})` : made;
}

export function condition(draft: Draft, depth = 0, names: readonly string[] = attributes): string {
  const { random } = draft;
  const subject = () => (names === attributes ? operand(draft) : path(draft, names));
  const simple = () => {
    const other = (like: string) =>
      random.chance(0.85) ? (like.startsWith("size") ? valued(draft, number(random)) : literal(draft, like)) : subject();
    const compared = (rest: (left: string) => string) => () => {
      const left = subject();
      return left + rest(left);
    };
    return random.weighted<() => string>([
      [5, compared((left) => ` ${random.pick(["=", "=", "<>", "<", "<=", ">", ">="])} ${other(left)}`)],
      [1, compared((left) => ` BETWEEN ${other(left)} AND ${other(left)}`)],
      [1, compared((left) => ` IN (${Array.from({ length: 1 + random.upTo(3) }, () => other(left)).join(", ")})`)],
      [3, () => `${random.pick(["attribute_exists", "attribute_not_exists"])}(${path(draft, names)})`],
      [
        1,
        () =>
          `attribute_type(${path(draft, names)}, ${valued(draft, { S: random.pick(["S", "N", "L", "M", "SS", "NS", "B", "BOOL", "NULL", "BS", "X"]) })})`,
      ],
      [1, () => `begins_with(${path(draft, names)}, ${valued(draft, text(random))})`],
      [2, () => `contains(${path(draft, names)}, ${literal(draft, random.pick(["a", "n", "bin"]))})`],
    ])();
  };
  if (depth >= 3) return simple();
  return random.weighted<() => string>([
    [6, simple],
    [1.5, () => `${condition(draft, depth + 1, names)} AND ${condition(draft, depth + 1, names)}`],
    [1.5, () => `${condition(draft, depth + 1, names)} OR ${condition(draft, depth + 1, names)}`],
    [1, () => `NOT ${condition(draft, depth + 1, names)}`],
    [1, () => `(${condition(draft, depth + 1, names)})`],
    [0.2, () => `not ${simple()} and ${simple()}`],
  ])();
}

/** What a generated update does to whole attributes only: the jar answers UPDATED_OLD and UPDATED_NEW rightly for no others. */
export function update(
  draft: Draft,
  ownIndexKeys: readonly Readonly<Record<string, () => AttributeValue>>[],
  wholeOnly: boolean,
): string {
  const { random } = draft;
  const free = attributes.map((name) => name);
  const wanted = new Map<string, string[]>();
  const count = 1 + random.upTo(3);
  for (let each = 0; each < count && free.length > 0; each++) {
    const name = random.chance(0.03) ? random.pick(attributes) : free.splice(random.upTo(free.length), 1)[0]!;
    const [clause, action] = updateAction(draft, wholeOnly, name);
    wanted.set(clause, [...(wanted.get(clause) ?? []), action]);
  }
  if (random.chance(0.25)) {
    // DynamoDB Local takes a scalar of a wrong type for an index key, so these are always of the right one.
    const keys = random.pick(ownIndexKeys);
    const removed = random.chance(0.3);
    for (const [name, make] of Object.entries(keys)) {
      const [clause, action] = removed ? ["REMOVE", name] : ["SET", `${name} = ${freshlyValued(draft, make())}`];
      wanted.set(clause, [...(wanted.get(clause) ?? []), action]);
    }
  }
  return [...wanted]
    .map(([clause, actions]) => `${random.chance(0.05) ? clause.toLowerCase() : clause} ${actions.join(", ")}`)
    .join(" ");
}

function updateAction(draft: Draft, wholeOnly: boolean, name: string): readonly [clause: string, action: string] {
  const { random } = draft;
  const target = () => (wholeOnly ? named(draft, name) : path(draft, [name]));
  const source = (): string =>
    random.weighted<() => string>([
      [5, () => literal(draft, name)],
      [2, () => path(draft)],
      [2, () => `if_not_exists(${path(draft, [name, "zz"])}, ${literal(draft, name)})`],
    ])();
  return random.weighted<() => readonly [string, string]>([
    [5, () => ["SET", `${target()} = ${source()}`]],
    [2, () => ["SET", `${target()} = ${arithmetic(draft)}`]],
    [1.5, () => ["SET", `${target()} = list_append(${listSource(draft)}, ${listSource(draft)})`]],
    [2, () => ["REMOVE", target()]],
    [
      2,
      () => [
        "ADD",
        `${target()} ${valued(draft, random.chance(0.9) ? valueLike(random, ["s", "ns", "bs"].includes(name) ? name : "n") : oneValue(random))}`,
      ],
    ],
    [
      1.2,
      () => [
        "DELETE",
        `${target()} ${valued(draft, random.chance(0.9) ? valueLike(random, random.pick(["s", "ns", "bs"])) : oneValue(random))}`,
      ],
    ],
  ])();
}

function arithmetic(draft: Draft): string {
  const { random } = draft;
  const term = () =>
    random.weighted<() => string>([
      [3, () => path(draft, ["n", "d"])],
      [4, () => valued(draft, number(random))],
      [2, () => `if_not_exists(${path(draft, ["n", "d", "zz"])}, ${valued(draft, number(random))})`],
    ])();
  const made = `${term()} ${random.pick(["+", "-"])} ${term()}`;
  return random.chance(0.1) ? `(${made})` : made;
}

function listSource(draft: Draft): string {
  const { random } = draft;
  return random.weighted<() => string>([
    [3, () => path(draft, ["l"])],
    [4, () => valued(draft, random.chance(0.95) ? valueLike(random, "l") : oneValue(random))],
    [2, () => `if_not_exists(${path(draft, ["l"])}, ${valued(draft, valueLike(random, "l"))})`],
  ])();
}

export function projection(draft: Draft, names: readonly string[] = [...attributes, "pk", "g"]): string {
  const { random } = draft;
  return Array.from({ length: 1 + random.upTo(3) }, () => path(draft, names)).join(", ");
}

const faults: readonly ((request: Record<string, unknown>, member: string) => void)[] = [
  (request) => {
    request.ExpressionAttributeNames = { ...(request.ExpressionAttributeNames as object), "#unused": "a" };
  },
  (request) => {
    request.ExpressionAttributeValues = { ...(request.ExpressionAttributeValues as object), ":unused": { S: "a" } };
  },
  (request, member) => {
    request[member] = `${request[member]} =`;
  },
  (request, member) => {
    request[member] = `((${request[member]}))`;
  },
  (request, member) => {
    request[member] = "";
  },
  (request, member) => {
    request[member] = String(request[member]).replace(/:v0\b/, ":undefined");
  },
  (request, member) => {
    request[member] = String(request[member]).replace(/\bn\b/, "timestamp");
  },
  (request, member) => {
    request[member] = String(request[member]).replace("attribute_exists", "attribute_is");
  },
  (request, member) => {
    request[member] = String(request[member]).replace(/[()]/, "");
  },
];

/** Spoil one expression of a request in a way the service refuses, most of the time. */
export function spoil(random: Random, request: Record<string, unknown>, member: string): void {
  random.pick(faults)(request, member);
}
