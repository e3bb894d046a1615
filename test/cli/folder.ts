import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A folder of that name with those files, in a folder of its own below `root`. */
export async function makeFolder(root: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(await mkdtemp(join(root, "f-")), name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  }
  return path;
}
