// CSI, OSC and short terminal escapes; then C0, DEL, C1 and bidirectional control characters.
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/gu;
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A tab becomes a space; an incomplete character is dropped. */
export function cleanText(text: string): string {
  const clean = text
    .replace(sequences, "")
    .replace(/[\t\r]/gu, " ")
    .replace(controls, "");
  let end = clean.length;
  while (clean[end - 1] === "\ufffd") end--;
  return clean.slice(0, end).trimEnd();
}
