import { resolve } from "node:path";
import { readYaml as readAnyYaml, YamlError } from "@berth/domain/compose/yaml.ts";
import { findSecret } from "@berth/domain/import/secret.ts";
import { readText } from "../compose/text.ts";
import { refuse } from "../refusal.ts";
import type { Session } from "../session.ts";

/** What the service takes. */
const BYTES = 1024 * 1024;

/**
 * An export's content, from a file or, for `-`, from standard input. It is searched for secrets here, before anything is sent; the service,
 * which judges everything else, searches again. No refusal shows any of it.
 * @throws Refused cli.file, import.secret
 */
export async function readExport(session: Session, file: string): Promise<Record<string, unknown>> {
  const text = file === "-" ? await session.input() : await readText(resolve(session.folder, file));
  if (text === undefined) throw refuse("cli.file", { detail: `There is no file ${file}.` });
  if (Buffer.byteLength(text) > BYTES) throw refuse("cli.file", { detail: `${file} has more than 1 MB.` });
  const document = parsed(text);
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw refuse("cli.file", { detail: `${file} is not one JSON object.`, hint: "docs/import.md describes the file." });
  const path = findSecret(document, readYaml);
  if (path !== undefined) throw refuse("import.secret", { detail: `At ${path.slice(0, 300)}.` });
  return document as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the parser's message would show what is in the file
  }
}

/** Undefined where it is none: then the service says so. */
function readYaml(text: string): unknown {
  try {
    const { documents } = readAnyYaml(text);
    return documents.length === 1 ? documents[0] : documents;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
