import * as z from "zod";
import { MEGABYTE } from "../bytes.ts";
import { Problem } from "../error.ts";
import { LARGE_FILES_BYTES } from "./archive.ts";

/**
 * A file that services mount and that is too large to be in its bundle. Its content is in one of the bundle's archives, under the SHA-256 of it.
 * `checksum` is what `cksum` says of the content: by that a server compares files.
 */
export const LargeFile = z.object({
  path: z.string(),
  hash: z.string(),
  bytes: z.number().int(),
  checksum: z.number().int(),
  executable: z.boolean().optional(),
});
export type LargeFile = z.infer<typeof LargeFile>;

/** @throws Problem bundle.too_large, and input.invalid for a path that a line cannot hold */
export function checkLarge(files: readonly LargeFile[]): void {
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes > LARGE_FILES_BYTES)
    throw new Problem("bundle.too_large", {
      detail: `The files that services mount are ${Math.ceil(bytes / MEGABYTE)} MB; ${LARGE_FILES_BYTES / MEGABYTE} MB is the most.`,
    });
  for (const { path } of files)
    if (/[\r\n\t]/.test(path))
      throw new Problem("input.invalid", { detail: `"${path.slice(0, 80)}" is large, and its name has a tab or a line break.` });
}

/** The runner's `large`: a line for each, with its hash, whether it can be executed, its checksum, its length and its path. */
export const largeLines = (files: readonly LargeFile[]): string =>
  files
    .map(({ hash, executable, checksum, bytes, path }) => `${hash}\t${executable ? "x" : "-"}\t${checksum} ${bytes}\t${path}\n`)
    .join("");
