import { type ComposeFile, isFields } from "./file.ts";

/** What Compose reads besides the files that are named to it, by its path from the project's folder, and for which service or why. */
export function readsOf({ services, reads }: Pick<ComposeFile, "services" | "reads">): { service: string; path: string }[] {
  const named = [...services].flatMap(([service, { env_file, label_file }]) =>
    [...env_file, ...label_file].map((each) => ({ service, path: String(isFields(each) ? each.path : each) })),
  );
  return [...named, ...reads.map(({ by, path }) => ({ service: by.replace(/^service /, ""), path }))];
}
