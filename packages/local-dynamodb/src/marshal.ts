import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { type AttributeValue, emptyItem, type Item } from "./value.ts";

/** Write a plain object's members as values, by the document client's rules with `removeUndefinedValues`. */
export function marshalItem(given: unknown): Item {
  const item = emptyItem();
  for (const name in given as Record<string, unknown>) {
    const value = (given as Record<string, unknown>)[name];
    if (value !== undefined && typeof value !== "function") item[name] = marshal(value);
  }
  return item;
}

function marshal(value: unknown): AttributeValue {
  switch (typeof value) {
    case "string":
      return { S: value };
    case "number":
      return { N: marshalNumber(value) };
    case "boolean":
      return { BOOL: value };
    case "bigint":
      return { N: value.toString() };
    case "object":
      break;
    default:
      throw new Error(
        `Unsupported type passed: ${String(value)}. Pass options.convertClassInstanceToMap=true to marshall typeof object as map attribute.`,
      );
  }
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.filter((each) => each !== undefined && typeof each !== "function").map(marshal) };
  if (value instanceof Set) return marshalSet(value);
  if (value instanceof Map) return { M: marshalItem(Object.fromEntries(value)) };
  if (value instanceof NumberValue) return { N: value.toString() };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return { B: marshalBinary(value) };
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || value.constructor?.name === "Object") return { M: marshalItem(value) };
  throw new Error(
    `Unsupported type passed: ${String(value)}. Pass options.convertClassInstanceToMap=true to marshall typeof object as map attribute.`,
  );
}

function marshalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`Special numeric value ${value} is not allowed`);
  if (value > Number.MAX_SAFE_INTEGER)
    throw new Error(`Number ${value} is greater than Number.MAX_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`);
  if (value < Number.MIN_SAFE_INTEGER)
    throw new Error(`Number ${value} is lesser than Number.MIN_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`);
  return value.toString();
}

function marshalBinary(value: ArrayBufferView | ArrayBuffer): string {
  const bytes = ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
  return bytes.toString("base64");
}

function marshalSet(given: ReadonlySet<unknown>): AttributeValue {
  const elements = [...given].filter((each) => each !== undefined);
  const [first] = elements;
  if (elements.length === 0) throw new Error("Pass a non-empty set, or options.convertEmptyValues=true.");
  if (typeof first === "string") return { SS: elements.map(String) };
  if (typeof first === "number") return { NS: elements.map((each) => marshalNumber(each as number)) };
  if (typeof first === "bigint" || first instanceof NumberValue) return { NS: elements.map(String) };
  if (ArrayBuffer.isView(first) || first instanceof ArrayBuffer)
    return { BS: elements.map((each) => marshalBinary(each as ArrayBuffer)) };
  throw new Error("Only Number Set (NS), Binary Set (BS) or String Set (SS) are allowed.");
}

/** Read an item back as a plain object, as the document client does; nothing of it is shared with the engine. */
export function unmarshalItem(item: Item): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name in item) plain[name] = unmarshal(item[name]!);
  return plain;
}

function unmarshal(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return unmarshalNumber(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.M !== undefined) return unmarshalItem(value.M);
  if (value.L !== undefined) return value.L.map(unmarshal);
  if (value.NULL !== undefined) return null;
  if (value.B !== undefined) return unmarshalBinary(value.B);
  if (value.SS !== undefined) return new Set(value.SS);
  if (value.NS !== undefined) return new Set(value.NS.map(unmarshalNumber));
  return new Set(value.BS!.map(unmarshalBinary));
}

function unmarshalNumber(text: string): number | bigint {
  const value = Number(text);
  if (Number.isSafeInteger(value) || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  if (text.includes(".")) throw new Error(`${text} can't be converted to BigInt. Set options.wrapNumbers to get string value.`);
  return BigInt(text);
}

const unmarshalBinary = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

/** An item of an answer in the form the raw client gives, with binaries as bytes. */
export function rawItem(item: Item): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const name in item) raw[name] = rawValue(item[name]!);
  return raw;
}

function rawValue(value: AttributeValue): unknown {
  if (value.M !== undefined) return { M: rawItem(value.M) };
  if (value.L !== undefined) return { L: value.L.map(rawValue) };
  if (value.B !== undefined) return { B: unmarshalBinary(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(unmarshalBinary) };
  return structuredClone(value);
}
