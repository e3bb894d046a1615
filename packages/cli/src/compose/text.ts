import { readFile } from "node:fs/promises";
import { refuse } from "../refusal.ts";

/**
 * The file's text, or undefined where there is none.
 * @throws Refused when it is there and cannot be read, or holds bytes that are no text: what is sent would be something else
 */
export async function readText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  return bytes && decode(bytes, file);
}

/** The same for a Compose file, which Compose reads in UTF-16 too. */
export async function readComposeText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  return bytes && decode(bytes, file, utf16(bytes));
}

const readBytes = (file: string): Promise<Buffer | undefined> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.file", { detail: `${file}: ${error.message}`, cause: error });
  });

function utf16(bytes: Buffer): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

function decode(bytes: Buffer, file: string, encoding = "utf-8"): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const what = utf16(bytes) ? "is UTF-16" : "is not UTF-8 text";
    throw refuse("cli.file", { detail: `${file} ${what}.`, hint: "Save it as UTF-8.", cause: error });
  }
}
