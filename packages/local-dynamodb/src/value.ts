import { invalid, unreadable } from "./error.ts";
import { compareNumbers, normalise, numberSize } from "./number.ts";

/**
 * A value as the wire carries it: exactly one member named for its type, binaries in base64. Values inside the engine are
 * normalised copies and never changed in place, so rows, images and answers may share them.
 */
export interface AttributeValue {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: AttributeValue[];
  M?: Item;
}
export interface Item {
  [name: string]: AttributeValue;
}
export type Type = keyof AttributeValue;

const types: ReadonlySet<string> = new Set(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);
const deepest = 32;

/** An item without a prototype, so that an attribute named `constructor` is only there when it was stored. */
export const emptyItem = (): Item => new (Bare as unknown as new () => Item)();

/** Faster than objects made with a null prototype, which the runtime keeps as hash tables. */
function Bare() {}
Bare.prototype = Object.create(null);

export function typeOf(value: AttributeValue): Type {
  for (const type in value) return type as Type;
  throw invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
}

/** Read a map of values from a request: a validated, normalised copy. */
export function readItem(given: unknown, depth = 0): Item {
  if (given === null || typeof given !== "object" || Array.isArray(given))
    throw unreadable("Start of structure or map found where not expected");
  const item = emptyItem();
  for (const [name, value] of Object.entries(given)) {
    if (name === "") throw invalid("Empty attribute name");
    item[name] = readValue(value, depth);
  }
  return item;
}

/** Read one value from a request: a validated, normalised copy. */
export function readValue(given: unknown, depth = 0): AttributeValue {
  if (given === null || typeof given !== "object") throw unreadable("Unexpected value type in payload");
  if (depth >= deepest)
    throw invalid(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
    );
  let type = "";
  for (const name in given) {
    if (!types.has(name) || (given as Record<string, unknown>)[name] === undefined) continue;
    if (type !== "")
      throw invalid(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
      );
    type = name;
  }
  const content = (given as Record<string, unknown>)[type];
  switch (type) {
    case "S":
      return { S: readText(content) };
    case "N":
      return { N: normalise(readText(content)) };
    case "B":
      return { B: readBinary(content) };
    case "BOOL":
      if (typeof content !== "boolean") throw unreadable("Unexpected value type in payload");
      return { BOOL: content };
    case "NULL":
      if (content !== true)
        throw invalid("One or more parameter values were invalid: Null attribute value types must have the value of true");
      return { NULL: true };
    case "SS":
      return { SS: readSet(content, readText) };
    case "NS":
      return { NS: readSet(content, (element) => normalise(readText(element))) };
    case "BS":
      return { BS: readSet(content, readBinary) };
    case "L":
      return { L: readArray(content).map((element) => readValue(element, depth + 1)) };
    case "M":
      return { M: readItem(content, depth + 1) };
    default:
      throw invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
}

function readText(given: unknown): string {
  if (typeof given !== "string") throw unreadable("Unexpected value type in payload");
  return given;
}

function readBinary(given: unknown): string {
  const text = readText(given);
  const canonical = Buffer.from(text, "base64").toString("base64");
  if (canonical !== text) throw unreadable("Invalid base64 in payload");
  return canonical;
}

function readArray(given: unknown): unknown[] {
  if (!Array.isArray(given)) throw unreadable("Unexpected value type in payload");
  return given;
}

function readSet(given: unknown, read: (element: unknown) => string): string[] {
  const elements = readArray(given).map(read);
  if (elements.length === 0) throw invalid("One or more parameter values were invalid: A set may not be empty");
  if (new Set(elements).size < elements.length)
    throw invalid("One or more parameter values were invalid: Input collection contains duplicates");
  return elements;
}

const bytes = (text: string) => Buffer.from(text, "base64");

/** Bytes in UTF-8. Short plain text, which most is, is counted here sooner than the runtime is asked. */
export function textSize(text: string): number {
  if (text.length > 48) return Buffer.byteLength(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text);
  return text.length;
}

/** Bytes of a value as DynamoDB bills and limits it. */
export function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return textSize(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.M !== undefined) {
    let size = 3;
    for (const name in value.M) size += 1 + textSize(name) + valueSize(value.M[name]!);
    return size;
  }
  if (value.L !== undefined) return value.L.reduce((size, element) => size + 1 + valueSize(element), 3);
  if (value.B !== undefined) return binaryLength(value.B);
  if (value.SS !== undefined) return value.SS.reduce((size, element) => size + Buffer.byteLength(element), 0);
  if (value.NS !== undefined) return value.NS.reduce((size, element) => size + numberSize(element), 0);
  if (value.BS !== undefined) return value.BS.reduce((size, element) => size + binaryLength(element), 0);
  return 1;
}

/** Bytes of an item: names in UTF-8 and values. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name in item) size += textSize(name) + valueSize(item[name]!);
  return size;
}

export const binaryLength = (text: string) =>
  Math.floor((text.length * 3) / 4) - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

export function equal(left: AttributeValue, right: AttributeValue): boolean {
  const type = typeOf(left);
  const a = left[type];
  const b = right[type];
  if (b === undefined) return false;
  switch (type) {
    case "L": {
      const [x, y] = [a as AttributeValue[], b as AttributeValue[]];
      return x.length === y.length && x.every((element, at) => equal(element, y[at]!));
    }
    case "M":
      return equalItems(a as Item, b as Item);
    case "SS":
    case "NS":
    case "BS": {
      const [x, y] = [a as string[], b as string[]];
      return x.length === y.length && x.every((element) => y.includes(element));
    }
    default:
      return a === b;
  }
}

export function equalItems(left: Item, right: Item): boolean {
  let count = 0;
  for (const name in left) {
    const other = right[name];
    if (other === undefined || !equal(left[name]!, other)) return false;
    count += 1;
  }
  return Object.keys(right).length === count;
}

/** Order of two scalars of one type, or undefined where DynamoDB defines none. */
export function compare(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.S !== undefined) return right.S === undefined ? undefined : compareText(left.S, right.S);
  if (left.N !== undefined) return right.N === undefined ? undefined : compareNumbers(left.N, right.N);
  if (left.B !== undefined) return right.B === undefined ? undefined : compareBinary(left.B, right.B);
  return undefined;
}

export const compareBinary = (left: string, right: string) => Buffer.compare(bytes(left), bytes(right));

/** Order by UTF-8 bytes, which differs from UTF-16 order between surrogate pairs and U+E000 to U+FFFF. */
export function compareText(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) return (a >= 0xe000 ? a - 0x2000 : a + 0x2000) - (b >= 0xe000 ? b - 0x2000 : b + 0x2000);
    return a - b;
  }
  return left.length - right.length;
}
