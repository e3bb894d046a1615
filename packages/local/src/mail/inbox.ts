import { randomUUID } from "node:crypto";
import { createKeeper, readJson } from "../state/file.ts";

/** A mail that would have left. */
export interface Letter {
  readonly id: string;
  readonly at: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const KEPT = 200;

/** Mails of the local cloud: nothing leaves the machine. The last 200 are kept. */
export interface Inbox {
  add(letter: Omit<Letter, "id" | "at">): Letter;
  /** Newest first; of one address, if given. */
  list(to?: string): Letter[];
  clear(): void;
  close(): void;
}

export function createInbox(options: { readonly now: () => number; readonly file?: string | undefined }): Inbox {
  const { now, file } = options;
  let letters = ((file === undefined ? undefined : readJson(file)) as Letter[] | undefined) ?? [];
  const keeper = createKeeper(file, () => letters);
  return {
    add: (given) => {
      const letter = { id: randomUUID(), at: new Date(now()).toISOString(), ...given };
      letters = [letter, ...letters].slice(0, KEPT);
      keeper.touch();
      return letter;
    },
    list: (to) => (to === undefined ? [...letters] : letters.filter((each) => each.to.includes(to.toLowerCase()))),
    clear: () => {
      letters = [];
      keeper.touch();
    },
    close: () => keeper.flush(),
  };
}
