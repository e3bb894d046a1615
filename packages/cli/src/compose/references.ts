import { isOnServer } from "@berth/domain/compose/compose.ts";
import type { ComposeFile, Part } from "@berth/domain/compose/file.ts";
import { interpolate, type Lookup, namesIn, TemplateError } from "@berth/domain/compose/template.ts";
import { refuse } from "../refusal.ts";

/** The variables that a Compose file and its files of variables speak of. */
export class References {
  readonly names = new Set<string>();
  readonly unset = new Set<string>();
  readonly #get: Lookup;

  /** `get` finds what is set, here or in the project's own file. */
  constructor(get: Lookup) {
    this.#get = (name) => get(name) ?? (isOnServer(name) ? "server" : undefined);
  }

  /** Finds a variable for a text, and remembers that it was asked for. */
  readonly lookup: Lookup = (name) => {
    this.names.add(name);
    return this.#get(name);
  };
  readonly watch = { unset: (name: string) => this.unset.add(name) };

  /** @throws Refused compose.invalid for what Compose refuses for certain: a variable that has to be set, or what is no reference */
  addFile(file: ComposeFile): void {
    const required = file.parts.flatMap((part) => {
      const missing = [...this.#missing(part).values()];
      return missing.length > 0 ? [`${part.path}: ${missing.join("; ")}.`] : [];
    });
    if (required.length > 0)
      throw refuse("compose.invalid", {
        detail: required.join(" "),
        hint: "Set it in .env, or in the shell that calls berth.",
      });
    for (const { environment } of file.services.values())
      for (const [each, value] of environment) if (value === null) this.names.add(each);
    for (const fields of [...file.configs.values(), ...file.secrets.values()]) {
      const { environment } = fields;
      if (typeof environment !== "string") continue;
      if (this.lookup(environment) === undefined) this.unset.add(environment);
    }
  }

  /** What has to be set for a text and is not, with Compose's words for each. */
  #missing({ path, documents, variables }: Part): ReadonlyMap<string, string> {
    const required = new Map<string, string>();
    for (const text of textsOf(documents)) {
      for (const each of namesIn(text)) this.names.add(each);
      try {
        interpolate(text, (name) => this.#get(name) ?? variables.get(name), this.watch);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        if (error.required === undefined)
          throw refuse("compose.invalid", {
            detail: `${path}: ${error.message}. A dollar that is meant is written $$.`,
            cause: error,
          });
        required.set(error.required, error.message);
      }
    }
    return required;
  }
}

/** Every text of a file that is a value; Compose puts variables into no key. */
function* textsOf(documents: readonly unknown[]): Generator<string> {
  const seen = new Set<unknown>();
  const left: unknown[] = [...documents];
  for (let i = 0; i < left.length; i++) {
    const value = left[i];
    if (typeof value === "string") yield value;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const inner of Object.values(value)) left.push(inner);
  }
}
