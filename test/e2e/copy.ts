import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../packages/domain/src", import.meta.url));
const below = fileURLToPath(new URL("../../.cache", import.meta.url));

export interface Change {
  /** Below the domain's `src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A copy of the domain with one line changed, beside the libraries it imports. @throws when the line is not there once */
export function copyDomain(changes: readonly Change[]): { folder: string; remove(): void } {
  mkdirSync(below, { recursive: true });
  const folder = mkdtempSync(join(below, "domain-"));
  cpSync(source, folder, { recursive: true });
  for (const { file, from, to } of changes) {
    const text = readFileSync(join(folder, file), "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} does not have "${from}" once`);
    writeFileSync(
      join(folder, file),
      text.replace(from, () => to),
    );
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
