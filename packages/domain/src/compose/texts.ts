import { posix } from "node:path";
import { ComposeError, type Fields, type Part, type Read } from "./file.ts";
import { isElsewhere } from "./path.ts";
import { type Cleared, nothingSpent, readYaml, type Spent, type Yaml, YamlError } from "./yaml.ts";

/** A project as it lies in a folder: the Compose files named, in Compose's order, and every text by its path from there. */
export interface Sources {
  readonly files: readonly string[];
  readonly text: (path: string) => string | undefined;
}

interface Parsed extends Pick<Yaml, "documents" | "odd"> {
  readonly cost: number;
}

const none: ReadonlySet<string> = new Set();

/** The texts of a project, each parsed once, and all of them within one bound. */
export class Texts {
  readonly spent: Spent;
  readonly parts: Part[] = [];
  readonly reads: Read[] = [];
  /** Something is not at hand. */
  partial = false;
  readonly #sources: Sources;
  readonly #cleared: Cleared;
  readonly #parsed = new Map<string, Parsed>();

  constructor(sources: Sources, first: Yaml | undefined) {
    this.#sources = sources;
    this.spent = first?.spent ?? nothingSpent();
    this.#cleared = first?.cleared ?? new WeakMap();
    const [path] = sources.files;
    if (first && path !== undefined) this.#parsed.set(path, { ...first, cost: this.spent.parts });
  }

  /** The documents of a file, which is read with these variables; none when it is not at hand. */
  documents(given: string, variables: Part["variables"]): readonly unknown[] | undefined {
    const path = posix.normalize(given);
    const parsed = this.#parsed.get(path) ?? this.#parse(path);
    if (!parsed) {
      this.partial = true;
      return undefined;
    }
    const { documents, odd, cost } = parsed;
    const before = this.parts.filter((each) => each.path === path);
    if (before.some((each) => each.variables === variables)) return documents;
    // What is read again with other variables costs again.
    if (before.length > 0) this.spent.parts += cost;
    if (this.spent.parts > this.spent.partsMost) throw new ComposeError(TOO_LARGE, true);
    this.parts.push({ path, documents, variables, odd });
    return documents;
  }

  /** A text that is no Compose file. */
  other(path: string): string | undefined {
    return isElsewhere(path) ? undefined : this.#sources.text(path);
  }

  cleared(fields: Fields): ReadonlySet<string> {
    return this.#cleared.get(fields) ?? none;
  }

  /** Says in which file it is, where there are several. */
  wrong(path: string, message: string, limit = false): ComposeError {
    return new ComposeError(path === this.#sources.files[0] ? message : `In ${path.slice(0, 200)}: ${message}`, limit);
  }

  #parse(path: string): Parsed | undefined {
    const text = this.other(path);
    if (text === undefined) return undefined;
    const before = this.spent.parts;
    try {
      const { documents, odd } = readYaml(text, this.spent, this.#cleared);
      const parsed = { documents, odd, cost: this.spent.parts - before };
      this.#parsed.set(path, parsed);
      return parsed;
    } catch (error) {
      if (error instanceof YamlError) throw this.wrong(path, error.message, error.limit);
      throw error;
    }
  }
}

export const TOO_LARGE = "What its services take over makes it too large.";
