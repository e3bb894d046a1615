import { invalid } from "./error.ts";

/** A decimal as `coefficient * 10^exponent`, without trailing zeros in the coefficient. */
interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/;
const numeric = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,6}))?$/;

function parse(text: string): Decimal {
  const match = numeric.exec(text);
  if (!match) throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  const [, sign, mantissa = "", power = "0"] = match;
  const point = mantissa.indexOf(".");
  const decimals = point < 0 ? 0 : mantissa.length - point - 1;
  let digits = mantissa.replace(".", "").replace(/^0+/, "");
  let exponent = Number(power) - decimals;
  const kept = digits.replace(/0+$/, "");
  if (kept === "") return { coefficient: 0n, exponent: 0 };
  exponent += digits.length - kept.length;
  digits = kept;
  const coefficient = BigInt(digits);
  return { coefficient: sign === "-" ? -coefficient : coefficient, exponent };
}

/** Bring a computed decimal into DynamoDB's range (38 digits, 1E-130 to 9.99E+125) and write it out without an exponent. */
function write(value: Decimal): string {
  if (value.coefficient === 0n) return "0";
  const negative = value.coefficient < 0n;
  const all = (negative ? -value.coefficient : value.coefficient).toString();
  const digits = all.replace(/0+$/, "");
  const exponent = value.exponent + all.length - digits.length;
  const magnitude = digits.length + exponent - 1;
  if (magnitude > 125) throw invalid("Number overflow. Attempting to store a number with magnitude larger than supported range");
  if (magnitude < -130)
    throw invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range");
  if (digits.length > 38) throw invalid("Attempting to store more than 38 significant digits in a Number");
  const sign = negative ? "-" : "";
  if (exponent >= 0) return sign + digits + "0".repeat(exponent);
  if (magnitude >= 0) return `${sign}${digits.slice(0, magnitude + 1)}.${digits.slice(magnitude + 1)}`;
  return `${sign}0.${"0".repeat(-magnitude - 1)}${digits}`;
}

/** The one spelling DynamoDB stores and returns for a number. Throws ValidationException when it is none or out of range. */
export const normalise = (text: string): string => (plainInteger.test(text) ? text : write(parse(text)));

/** Add two normalised numbers; `sign` -1 subtracts the second. */
export function add(left: string, right: string, sign: 1 | -1): string {
  if (left.length < 15 && right.length < 15 && plainInteger.test(left) && plainInteger.test(right)) {
    return String(Number(left) + sign * Number(right));
  }
  const a = parse(left);
  const b = parse(right);
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = (value: Decimal) => value.coefficient * 10n ** BigInt(value.exponent - exponent);
  return write({ coefficient: scaled(a) + BigInt(sign) * scaled(b), exponent });
}

/** Order of two normalised numbers: negative, zero or positive. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0;
  // Up to 15 characters hold at most 15 digits, which doubles keep apart and in order.
  if (left.length <= 15 && right.length <= 15) return Number(left) - Number(right);
  const a = parse(left);
  const b = parse(right);
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = a.coefficient * 10n ** BigInt(a.exponent - exponent) - b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Bytes a normalised number is billed as: one, plus one per pair of digits aligned at the decimal point, plus one if negative. */
export function numberSize(text: string): number {
  if (text === "0") return 1;
  const negative = text.charCodeAt(0) === 45;
  const unsigned = negative ? text.slice(1) : text;
  const point = unsigned.indexOf(".");
  const digits = unsigned.replace(".", "").replace(/^0+/, "").replace(/0+$/, "").length;
  const magnitude = point < 0 ? unsigned.length - 1 : unsigned.startsWith("0.") ? -(unsigned.search(/[1-9]/) - 1) : point - 1;
  const unaligned = digits % 2 === 0 && magnitude % 2 === 0 ? 1 : 0;
  return 1 + Math.ceil(digits / 2) + unaligned + (negative ? 1 : 0);
}
