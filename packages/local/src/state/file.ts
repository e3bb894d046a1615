import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What a JSON file holds, or undefined where there is none. @throws when it is damaged */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/** Writes a JSON file whole and moves it into place, so that a crash leaves the one before it. */
export function keepJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Keeps what `read` answers in a file, soon after each `touch`. */
export interface Keeper {
  touch(): void;
  /** Writes at once what was not written. */
  flush(): void;
}

const QUIET_MS = 50;

export function createKeeper(file: string | undefined, read: () => unknown): Keeper {
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    if (timer === undefined || file === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    keepJson(file, read());
  };
  return {
    touch: () => {
      if (file !== undefined) timer ??= setTimeout(flush, QUIET_MS).unref();
    },
    flush,
  };
}
