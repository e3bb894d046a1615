import type { Metadata } from "./objects/parts.ts";

/** Metadata as a request's type allows it; what has come through the form is text. */
export type AskedMetadata = Record<string, string | number | null> | "" | null | undefined;

/** Merge metadata as a request asks: a key with an empty value goes, an empty text clears all. */
export function mergeMetadata(current: Metadata, asked: AskedMetadata): Metadata {
  if (asked === undefined) return current;
  if (asked === "" || asked === null) return {};
  const merged = Object.entries({ ...current, ...asked }).filter(([, value]) => value !== "" && value !== null);
  return Object.fromEntries(merged.map(([key, value]) => [key, String(value)]));
}
