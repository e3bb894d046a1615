import { bytesText } from "@berth/domain/bytes.ts";
import type { Archive } from "./archives.ts";
import type { Entry } from "./context.ts";

export const bytesOf = (list: readonly Pick<Archive, "bytes">[]) => list.reduce((sum, { bytes }) => sum + bytes, 0);

/** Folders that are made on the machine and are seldom part of a build. */
const MADE = new Set(["node_modules", ".git", ".venv", "venv", "vendor", "target", ".next", "__pycache__"]);
const MOST = 5;
/** Less than this part of it all is not worth leaving out. */
const SHARE = 0.01;

/** What takes the most room, by folder, for somebody who leaves out some of it: `web/node_modules (210.4 MB)`. */
export function biggest(entries: readonly Entry[]): string[] {
  const sizes = new Map<string, number>();
  let all = 0;
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    const place = placeOf(entry.source ?? entry.path);
    sizes.set(place, (sizes.get(place) ?? 0) + entry.bytes);
    all += entry.bytes;
  }
  const sorted = [...sizes].filter(([, bytes]) => bytes > all * SHARE).sort(([, a], [, b]) => b - a);
  return sorted.slice(0, MOST).map(([place, bytes]) => `${place} (${bytesText(bytes)})`);
}

/** The folder that is made as a whole; otherwise at most two folders deep, or the file itself. */
function placeOf(path: string): string {
  const parts = path.split("/");
  const made = parts.findIndex((part) => MADE.has(part));
  return parts.slice(0, made < 0 ? 2 : made + 1).join("/");
}
