import type { Terminal } from "./terminal.ts";
import { cut } from "./text.ts";

/** A line at the bottom that says what goes on now, with lines that stay above it. Without a terminal only those that stay are written. */
export interface Progress {
  /** What is under way; undefined clears the line. */
  readonly doing: (text: (() => string) | undefined) => void;
  readonly say: (...lines: readonly string[]) => void;
  readonly end: () => void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const CLEAR = "\r\x1b[K";

export function progressOn(terminal: Terminal): Progress {
  if (!terminal.live) return { doing: () => {}, say: terminal.out, end: () => {} };
  let text: (() => string) | undefined;
  let frame = 0;
  const draw = () => {
    const spin = terminal.paint.cyan(FRAMES[frame % FRAMES.length] ?? "");
    const said = text?.() ?? "";
    terminal.raw(said === "" ? CLEAR : `${CLEAR}${spin} ${cut(said, Math.max(10, terminal.width - 3))}`);
  };
  const timer = setInterval(() => {
    frame++;
    if (text) draw();
  }, FRAME_MS);
  timer.unref();
  return {
    doing: (next) => {
      text = next;
      draw();
    },
    say: (...lines) => {
      terminal.raw(CLEAR);
      terminal.out(...lines);
      if (text) draw();
    },
    end: () => {
      clearInterval(timer);
      text = undefined;
      terminal.raw(CLEAR);
    },
  };
}
