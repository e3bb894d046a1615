import { styleText } from "node:util";

/** The story as it is told: one line a step with its time, what did not hold in red, a summary in the end. */
export interface Telling {
  chapter(title: string): void;
  /** Does a step and tells how long it took; `result` may add what was seen. A step that throws ends the story. */
  step<T>(title: string, work: () => Promise<T>, result?: (value: T) => string): Promise<T>;
  note(text: string): void;
  summary(): void;
}

type Style = Parameters<typeof styleText>[0];
const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });

export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** @throws Error with the words, when what should hold does not */
export function holds(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

export function createTelling(): Telling {
  const began = performance.now();
  const told: string[] = [];
  const say = (text: string) => process.stdout.write(`${text}\n`);
  return {
    chapter: (title) => say(`\n${paint("bold", title)}`),
    async step(title, work, result) {
      const from = performance.now();
      if (process.stdout.isTTY) process.stdout.write(paint("gray", `  ... ${title}`));
      const wipe = process.stdout.isTTY ? "\r\u001b[K" : "";
      try {
        const value = await work();
        const seen = result ? paint("gray", `  ${result(value)}`) : "";
        say(`${wipe}  ${paint("green", "ok")}  ${title} ${paint("gray", `(${seconds(performance.now() - from)})`)}${seen}`);
        told.push(title);
        return value;
      } catch (error) {
        say(`${wipe}  ${paint("red", "no")}  ${title} ${paint("gray", `(${seconds(performance.now() - from)})`)}`);
        throw error;
      }
    },
    note: (text) => say(paint("gray", `      ${text}`)),
    summary: () => say(`\n${paint("green", "Every step held")}: ${told.length} steps in ${seconds(performance.now() - began)}.`),
  };
}
