import { styleText } from "node:util";

/** What the local cloud tells whoever watches it: a line for each request and each thing that happens in the background. */
export interface CloudLog {
  request(line: { method: string; path: string; status: number; milliseconds: number }): void;
  event(area: string, text: string): void;
  /** A line a function wrote, JSON as a rule. */
  output(line: string): void;
}

type Style = Parameters<typeof styleText>[0];

const statusStyle = (status: number): Style => (status >= 500 ? "red" : status >= 400 ? "yellow" : "green");
const levelStyle: Readonly<Record<string, Style>> = { error: "red", warn: "yellow" };

/** Lines for people, coloured where the stream is a terminal. */
export function createLog(stream: NodeJS.WriteStream | undefined): CloudLog {
  if (!stream) return { request: () => {}, event: () => {}, output: () => {} };
  const paint = (style: Style, text: string) => styleText(style, text, { stream });
  const line = (area: string, text: string) => {
    const time = new Date().toTimeString().slice(0, 8);
    stream.write(`${paint("gray", time)} ${paint("cyan", area.padEnd(8))} ${text}\n`);
  };
  return {
    request: ({ method, path, status, milliseconds }) =>
      line(
        "http",
        `${method.padEnd(6)} ${path} ${paint(statusStyle(status), String(status))} ${paint("gray", `${milliseconds.toFixed(0)} ms`)}`,
      ),
    event: line,
    output: (text) => {
      const { level = "info", message, at: _at, ...facts } = parsed(text);
      const rest = Object.keys(facts).length > 0 ? ` ${paint("gray", JSON.stringify(facts))}` : "";
      line("function", `${paint(levelStyle[String(level)] ?? "reset", String(message ?? text))}${rest}`);
    },
  };
}

/** The fields of a JSON line; a line that is none is its own message. */
function parsed(text: string): Record<string, unknown> {
  if (!text.startsWith("{")) return { message: text };
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return { message: text };
    throw error;
  }
}
