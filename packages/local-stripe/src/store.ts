import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptyState, type State } from "./world.ts";

const quietMs = 100;

/** Keeps a state in one file of a folder, written whole and moved into place, so that a crash leaves the file before it. */
export interface Store {
  /** Write soon. */
  touch(): void;
  /** Write at once what has not been written. */
  flush(): void;
}

/** The state a folder holds, if it holds one. Tables that the file does not have are empty. */
export function loadState(folder: string): State | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, "stripe.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const saved = JSON.parse(text) as Record<string, unknown>;
  const state = emptyState(0, 0) as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(saved)) {
    if (state[name] instanceof Map) state[name] = new Map(value as [string, unknown][]);
    else state[name] = value;
  }
  return state as unknown as State;
}

/** Keep what `read` answers in a folder. */
export function createStore(folder: string, read: () => State): Store {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = undefined;
    const file = join(folder, "stripe.json");
    writeFileSync(
      `${file}.new`,
      JSON.stringify(read(), (_key, value) => (value instanceof Map ? [...value] : value)),
      { mode: 0o600 },
    );
    renameSync(`${file}.new`, file);
  };
  return {
    touch: () => {
      timer ??= setTimeout(flush, quietMs).unref();
    },
    flush,
  };
}
