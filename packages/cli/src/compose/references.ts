import { isOnServer } from "@berth/domain/compose/compose.ts";
import type { ComposeFile, Part } from "@berth/domain/compose/file.ts";
import { interpolate, type Lookup, namesIn, TemplateError } from "@berth/domain/compose/template.ts";
import { refuse } from "../refusal.ts";

/** The variables that a Compose file and its files of variables speak of. */
export class References {
  readonly names = new Set<string>();
  readonly unset = new Set<string>();
  /** What has to be set and is not: in which file, and in whose words. */
  readonly required = new Map<string, { readonly path: string; readonly reason: string }>();
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

  /** @throws Refused compose.invalid for what is no reference, which Compose refuses for certain */
  addFile(file: ComposeFile): void {
    for (const part of file.parts) this.#addPart(part);
    for (const { environment } of file.services.values())
      for (const [each, value] of environment) if (value === null) this.names.add(each);
    for (const fields of [...file.configs.values(), ...file.secrets.values()]) {
      const { environment } = fields;
      if (typeof environment !== "string") continue;
      if (this.lookup(environment) === undefined) this.unset.add(environment);
    }
  }

  /** These are set by the service. */
  leave(names: Iterable<string>): void {
    for (const name of names) {
      this.unset.delete(name);
      this.required.delete(name);
    }
  }

  /** @throws Refused compose.invalid naming all that has to be set and is not */
  checkRequired(): void {
    const names = [...this.required.keys()];
    if (names.length === 0) return;
    const files = Map.groupBy(this.required.values(), ({ path }) => path);
    throw refuse("compose.invalid", {
      detail: [...files].map(([path, all]) => `${path}: ${all.map(({ reason }) => reason).join("; ")}.`).join(" "),
      hint: `Set ${names.length === 1 ? "it" : "them"} in .env, a line each (${names.map((name) => `${name}=...`).join(", ")}), in the shell that calls berth, or as ${names.length === 1 ? "a secret" : "secrets"}.`,
      next: ["berth app init --fix", `berth secret set ${names[0]}`],
    });
  }

  #addPart({ path, documents, variables }: Part): void {
    for (const text of textsOf(documents)) {
      for (const each of namesIn(text)) this.names.add(each);
      for (const { name, reason } of this.#missingIn(text, path, variables))
        if (!this.required.has(name)) this.required.set(name, { path, reason });
    }
  }

  /** All that a text says has to be set: Compose stops at the first. */
  #missingIn(text: string, path: string, variables: Part["variables"]): { name: string; reason: string }[] {
    const missing: { name: string; reason: string }[] = [];
    const get = (name: string) => (missing.some((each) => each.name === name) ? "?" : (this.#get(name) ?? variables.get(name)));
    for (;;)
      try {
        interpolate(text, get, this.watch);
        return missing;
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        if (error.required === undefined)
          throw refuse("compose.invalid", {
            detail: `${path}: ${error.message}. A dollar that is meant is written $$.`,
            cause: error,
          });
        missing.push({ name: error.required, reason: error.message });
      }
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
