// Terminal sequences (CSI, OSC, the short escapes), then control characters and those that turn the reading direction.
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/gu;
const controls = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text from elsewhere as one line that is safe on a terminal. */
export const clean = (text: string) =>
  text
    .replace(sequences, "")
    .replaceAll(/[\t\r\n]+/g, " ")
    .replace(controls, "");

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const none = /\p{Mn}|\p{Me}|[\u200b-\u200d]/u;

const cells = (character: string) => (none.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** How many columns of a terminal a text takes; colours take none. */
export function widthOf(painted: string): number {
  const text = painted.replaceAll(/\x1b\[\d+m/g, "");
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let sum = 0;
  for (const character of text) sum += cells(character);
  return sum;
}

/** The text, or as much of it as fits with an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let sum = 0;
  for (const character of text) {
    sum += cells(character);
    if (sum > width - 1) break;
    kept += character;
  }
  return width < 1 ? "" : `${kept.trimEnd()}…`;
}

/** The text's words in lines of at most the width; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The text behind a mark, each further line of it below the text and not below the mark. */
export const marked = (mark: string, text: string, { width }: { readonly width: number }): string[] =>
  wrap(text, Math.max(20, Math.min(width, 100) - 2)).map((line, i) => `${i === 0 ? mark : " "} ${line}`);

export const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - widthOf(text)));
export const padLeft = (text: string, width: number) => " ".repeat(Math.max(0, width - widthOf(text))) + text;

export const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** `a`, `a and b`, `a, b and c`. */
export const listed = (items: readonly string[]) =>
  items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
