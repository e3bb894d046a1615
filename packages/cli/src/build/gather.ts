import { bytesText } from "@berth/domain/bytes.ts";
import type { Bundled } from "../compose/bundle.ts";
import type { Session } from "../session.ts";
import { progressOn } from "../terminal/progress.ts";
import { plural } from "../terminal/text.ts";
import { type Archives, makeArchives } from "./archives.ts";
import { type Entry, entriesOf } from "./context.ts";
import { biggest, bytesOf } from "./size.ts";

/** From so many bytes on, compressed, it is worth a word. */
const LARGE = 20_000_000;

export interface Gathered {
  readonly archives: Archives;
  /** What is built, and how much is sent for it. */
  readonly notes: readonly string[];
}

/** All that the services are built from, and the large files that they mount. @throws Refused as `entriesOf` and `makeArchives` */
export async function gather({ terminal }: Session, folder: string, { read, mounted }: Bundled): Promise<Gathered> {
  const built = read.services.filter((service) => service.built).map(({ name }) => name);
  const progress = progressOn(terminal);
  if (built.length > 0 || mounted.length > 0) progress.doing(() => "reading what is sent");
  try {
    const entries = await entriesOf(folder, read);
    const archives = await makeArchives(folder, entries, mounted);
    return {
      archives,
      notes: [...(built.length === 0 ? [] : notesOf(built, archives, entries)), ...mountedNotes(mounted, archives)],
    };
  } finally {
    progress.end();
  }
}

function mountedNotes(contents: readonly Entry[], { mounted }: Archives): string[] {
  if (mounted.length === 0) return [];
  const most = biggest(contents).slice(0, 3).join(", ");
  return [
    `Mounted, and too large for the bundle: ${plural(contents.length, "file")}, ${bytesText(bytesOf(mounted))} compressed (${most})`,
  ];
}

function notesOf(built: readonly string[], { list, files }: Archives, entries: readonly Entry[]): string[] {
  const bytes = bytesOf(list);
  const size = list.length === 0 ? "" : ` (${plural(files, "file")}, ${bytesText(bytes)} compressed)`;
  return [
    `Built on the server: ${built.join(", ")}${size}`,
    ...(bytes < LARGE
      ? []
      : [`The biggest of it: ${biggest(entries).join(", ")}. Leave out what no build needs, in .dockerignore`]),
  ];
}
