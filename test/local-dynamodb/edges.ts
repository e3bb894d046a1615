import type { AttributeValue, Item } from "@berth/local-dynamodb/value.ts";
import { queries, transactions } from "./edge-requests.ts";
import { placeholders, split } from "./edge-text.ts";
import type { Step, Tables } from "./items.ts";

/** Requests picked by hand, for what chance seldom meets: the grammar's corners, limits of sizes, shapes of keys. */

const values: Item = {
  ":a": { S: "x" },
  ":n": { N: "5" },
  ":one": { N: "1" },
  ":t": { BOOL: true },
  ":ss": { SS: ["b", "a"] },
  ":l": { L: [{ S: "a" }, { N: "1.0" }] },
  ":m": { M: { b: { S: "q" } } },
  ":type": { S: "S" },
  ":odd": { S: "ODD" },
  ":b": { B: "YQ==" },
  ":hi": { N: "9" },
};

const subject: Item = {
  a: { S: "x" },
  ab: { S: "x" },
  n: { N: "5" },
  l: { L: [{ S: "a" }, { N: "1" }] },
  m: { M: { b: { S: "q" } } },
  ss: { SS: ["a", "b"] },
};

const conditions = `((a = :a))|(a) = :a|((a)) = :a|a = a|a = ab|a <> a|a IN (a, :a)|a IN (:a)|size(a) = :one|size(a)|size(n) = :n|size(:a) = :one|size(:n) = :n
size(zz) = :n|size(zz) <> :n|zz <> :n|zz < :n|a < :n|a < :t|a = :t|a <= :ss|a BETWEEN :n AND :a|n BETWEEN :hi AND :n|n BETWEEN :t AND :t|n BETWEEN :one AND :hi AND a = :a
contains(ss, :a)|contains(l, :n)|contains(a, :n)|contains(a, a)|contains(:a, a)|contains(ss, :ss)|contains(n, :n)|begins_with(n, :n)|begins_with(a, :a)|begins_with(:a, a)|begins_with(n, :a)
attribute_type(a, :type)|attribute_type(a, :odd)|attribute_type(a, a)|attribute_type(a, :n)|attribute_exists(:a)|attribute_exists(m.b)|attribute_exists(l[5])|attribute_not_exists(l[5])
NOT NOT attribute_exists(zz)|NOT (NOT attribute_exists(a))|not attribute_exists(zz) and a = :a or a = :a|ATTRIBUTE_EXISTS(a)|attribute_exists (a)|attribute_exists(a) = :a
a = :a AND (n = :n)|(a = :a AND (n = :n))|size(size(a)) = :n|name = :a|m.name = :a|:a = :type|:a = :a|a = :undefined|a = :a AND|a = 5|a != :a|a == :a|_a = :a|a IN :a
l = :l|m = :m|ss = :ss|n = :n|l < :l|a < m|m < a|l < l|l[0] < l[1]|size(l) < size(m)|a IN (:hi, :n)|contains(l, :m)|contains(a, size(a))|attribute_exists(size(a))|begins_with(a, :a, :a)
foo(a)|a.b = :a|(m).b = :a|(m.b) = :a|(a = :a) AND (n = :n)|(:a) = a|(size(a)) = :one|NOT a = :a AND a = :a|a BETWEEN a AND ab|a IN (a)|a BETWEEN ab AND ab|zz = yy|zz <> yy|NOT zz = yy
size(pk) = size(pk)|zz BETWEEN yy AND xx|pk BETWEEN sk AND yy|a = :a OR n = :n AND NOT a = :a|a=:a|a<>:n|n>=:one|a IN(:a)|a = :a)|(a = :a|attribute_exists(a|attribute_exists()|, a|AND|OR a = :a
constructor = :a|attribute_exists(toString)|m.constructor = :a|l[01] = :a|l[-1] = :a|l[1.5] = :a|l[a] = :a|a. b = :a|m .b = :m|m. b = :a|a=:a AND b=:b`;

const updated: Item = {
  l: { L: [{ N: "0" }, { N: "1" }, { N: "2" }, { N: "3" }] },
  m: { M: { a: { N: "1" }, b: { M: { c: { S: "x" } } } } },
};
const updateValues: Item = { ":a": { N: "10" }, ":b": { N: "20" }, ":s": { SS: ["a"] }, ":l": { L: [] }, ":c": { S: "c" } };

const updates = `SET l[9] = :a, l[7] = :b|SET l[9] = :a REMOVE l[0]|REMOVE l[0], l[2]|REMOVE l[9]|SET l[1] = :a REMOVE l[1]|SET l[0] = l[3], l[3] = l[0]|ADD l[0] :a DELETE m.b :s|SET m.z.y = :a|SET q.y = :a
REMOVE m.z.y|REMOVE q.y|REMOVE l[0].x|SET l.x = :a|SET m[0] = :a|ADD m.n :a|DELETE m.n :s|SET m.b.c = m.a|SET nn = m.zz|SET m = :a, m.a = :b|SET l[0] = :a, l.x = :b|SET a = (:a)|SET a = (:a + :b)
SET a = :a + :b + :a|SET a = ((:a))|SET a = ((:a) + :b)|SET a = (:a) + (:b)|SET a = if_not_exists(zz, :a) + :b|SET a = list_append(if_not_exists(zz, l), l)|SET a = if_not_exists(zz, m.zzz)|SET a = :a,|set a = :a
SET a = :a SET b = :b|SET pk = :a|SET a = -:a|REMOVE a, a|ADD a :a, b :b DELETE c :s|SET _a = :a|SET a = :s + :a|SET a = list_append(:a, l)|SET a = list_append(l, m)|ADD a :l|DELETE a :a|SET a = size(l)
SET a = :a ADD b :b, c.d :a|REMOVE pk|SET m.a = :a, m.b = :b, m.b.c = :c|SET l[0]= :a, l[1] = :b|SET a=:a+:b|REMOVE l [0]|REMOVE m . a|REMOVE l[00]|SET a = if_not_exists(a, :a + :b)|SET a = if_not_exists(:a, :b)
SET a = if_not_exists(zz)|SET a = list_append(l)|SET|REMOVE|SET a|SET a :a|ADD a = :a|REMOVE a = :a|SET a = b|SET a = l[0] + l[1]|SET a = if_not_exists(l[0], :a) - l[3]|SET l = list_append(l, l)|DELETE l[0] :s
SET a = list_append(l, :l) + :a|SET a = :a REMOVE m.a ADD m.n :b DELETE m.s :s|SET m.b = m, m.a = m.b|SET l[1] = l, l[2] = m|SET a = if_not_exists(if_not_exists(zz, :a), :b)|SET a = if_not_exists(zz, if_not_exists(zz, :a))
SET a = list_append(list_append(l, l), l)|SET l[5] = :a, l[4] = :b, l[6] = :c|SET name = :a|REMOVE m.name|SET a = foo(:a)`;

const projections = `l[2], l[0]|l[5]|m.zz|m.b.c|m.b.c, m.a|m, m.a|l[0], l[0]|l[0], l.x|sk, pk|m.b.c, l[1], pk| |pk,|#a|pk.x|l[3], l[1], l[2]|m.b, m.a, l|name|pk pk|toString|m[0]|l[0][0]`;

const numbers = [
  "1.0",
  "1e3",
  "0.00001",
  "1E-130",
  "1E125",
  "9.9999999999999999999999999999999999999E125",
  "1E126",
  "-0",
  "0.0",
  "123456789012345678901234567890123456789",
  "1234567890123456789012345678901234567800",
  "+5",
  "  5",
  "5 ",
  "",
  "abc",
  "1e",
  "0x10",
  "-1.50",
  "00012",
  ".5",
  "5.",
  "1E-131",
  "1e20",
  "1e-7",
  "NaN",
  "Infinity",
  "123456.789e-3",
  "1_0",
  "-",
  ".",
  "1e+2",
  "--1",
  "0e999",
  "1e400",
];

const nested = (depth: number): AttributeValue =>
  depth === 0 ? { S: "x" } : depth % 2 ? { L: [nested(depth - 1)] } : { M: { a: nested(depth - 1) } };

const odd: readonly unknown[] = [
  ...numbers.map((N) => ({ N })),
  ...[
    { S: "" },
    { SS: [] },
    { SS: ["a", "a"] },
    { SS: [""] },
    { B: "" },
    { NULL: false },
    { S: "a", N: "1" },
    {},
    { X: "1" },
    { NS: ["1", "1.0"] },
    { M: { "": { S: "x" } } },
    { L: [] },
    { L: [{}] },
  ],
  ...[
    { NS: ["3", "1", "2.0"] },
    { BS: ["Yg==", "YQ=="] },
    { BS: ["YQ==", "YQ=="] },
    { BS: [""] },
    nested(31),
    nested(32),
    nested(33),
    { NS: ["x"] },
  ],
];

const sizes = [
  2040, 2049, 1016, 1017, 4080, 8200, 102_400, 409_580, 409_588, 409_589, 409_590, 409_591, 409_592, 409_600, 410_000,
];

/** Requests for the oracle and the engine, in order. */
export function edgeSteps({ main, numeric, binary }: Tables): Step[] {
  const key = (sk: string, pk = "edge"): Item => ({ pk: { S: pk }, sk: { S: sk } });
  const reported = { ReturnConsumedCapacity: "INDEXES" };
  const put = (item: Item, more = {}): Step => ({
    operation: "PutItem",
    input: { TableName: main, Item: item, ...reported, ...more },
  });
  const get = (sk: string, more = {}): Step => ({
    operation: "GetItem",
    input: { TableName: main, Key: key(sk), ...reported, ...more },
  });
  const big = (size: number): Item => ({ ...key("big"), f: { S: "x".repeat(size) } });
  return [
    put({ ...key("condition"), ...subject }),
    ...split(conditions)
      .map((text): Step => {
        const input = { TableName: main, Key: key("condition"), ConditionExpression: text, ...placeholders(text, values) };
        return { operation: "DeleteItem", input: { ...input, TableName: main, ReturnValues: "NONE" } };
      })
      .flatMap((step) => [step, put({ ...key("condition"), ...subject })]),
    ...split(updates).flatMap((text): Step[] => [
      put({ ...key("update"), ...updated }),
      {
        operation: "UpdateItem",
        input: {
          TableName: main,
          Key: key("update"),
          UpdateExpression: text,
          ...placeholders(text, updateValues),
          ReturnValues: "ALL_NEW",
          ...reported,
        },
      },
    ]),
    put({ ...key("update"), ...updated }),
    ...split(projections).map((text) => get("update", { ProjectionExpression: text })),
    ...odd.flatMap((value) => [put({ ...key("odd"), value: value as AttributeValue }), get("odd")]),
    ...sizes.flatMap((size) => [
      put(big(size)),
      get("big"),
      {
        operation: "UpdateItem",
        input: {
          TableName: main,
          Key: key("grown"),
          UpdateExpression: "SET f = :f",
          ExpressionAttributeValues: { ":f": { S: "x".repeat(size) } },
          ...reported,
        },
      },
    ]),
    ...[1024, 1025, 2048, 2049].flatMap((size) => [
      put(key("x".repeat(size))),
      put(key("a", "x".repeat(size))),
      put({ ...key("g"), g: { S: "x".repeat(size) } }),
      put({ ...key("g"), h: { S: "é".repeat(size / 2) } }),
    ]),
    ...oddKeys.flatMap((odd): Step[] => [put(odd), { operation: "GetItem", input: { TableName: main, Key: odd } }]),
    ...[{ g: { N: "1" } }, { g: { S: "" } }, { gn: { S: "1" } }, { h: { NULL: true } }, { h: { M: {} } }].map((keys) =>
      put({ ...key("g"), ...(keys as Item) }),
    ),
    ...["1", "1.0", "10e-1", "1e0"].map(
      (N): Step => ({
        operation: "UpdateItem",
        input: {
          TableName: numeric,
          Key: { pk: { S: "edge" }, sk: { N } },
          UpdateExpression: "ADD seen :one",
          ExpressionAttributeValues: { ":one": { N: "1" } },
          ReturnValues: "UPDATED_NEW",
        },
      }),
    ),
    ...["", "YQ==", "AAAA"].map(
      (B): Step => ({ operation: "PutItem", input: { TableName: binary, Item: { pk: { B } }, ...reported } }),
    ),
    ...queries(main),
    ...transactions(main),
  ];
}

const oddKeys: readonly Item[] = [
  { pk: { S: "" }, sk: { S: "a" } },
  { pk: { S: "edge" }, sk: { S: "" } },
  { pk: { N: "1" }, sk: { S: "a" } },
  { pk: { S: "edge" } },
  { pk: { NULL: true }, sk: { S: "a" } },
  { pk: { SS: ["a"] }, sk: { S: "a" } },
];
