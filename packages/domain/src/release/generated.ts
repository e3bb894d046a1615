import { GENERATED } from "../compose/reserved.ts";
import { type Bundle, COMPOSE_FILE } from "./release.ts";

/** The bundle with Berth's own Compose file as the last one. */
export function withGenerated(bundle: Bundle, text: string): Bundle {
  const { compose, composeFiles = [COMPOSE_FILE], files, ...rest } = bundle;
  const made = (path: string, content: string) => ({ path, content: Buffer.from(content).toString("base64") });
  return {
    ...rest,
    composeFiles: [...composeFiles, GENERATED],
    files: [...files, ...(compose === undefined ? [] : [made(COMPOSE_FILE, compose)]), made(GENERATED, text)],
  };
}

/** What the customer sent: Berth's own file has no secret. */
export function withoutGenerated(whole: Bundle): Bundle {
  const { composeFiles = [], files, ...rest } = whole;
  if (!composeFiles.includes(GENERATED)) return whole;
  const own = composeFiles.filter((path) => path !== GENERATED);
  const sent = files.filter(({ path }) => path !== GENERATED);
  const only = own.length === 1 ? sent.find(({ path }) => path === COMPOSE_FILE) : undefined;
  if (!only) return { ...rest, composeFiles: own, files: sent };
  const compose = Buffer.from(only.content, "base64").toString();
  return { ...rest, compose, files: sent.filter((file) => file !== only) };
}
