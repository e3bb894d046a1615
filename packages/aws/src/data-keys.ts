import type { DataKeys } from "@berth/domain/secret/seal.ts";
import { endpoint, need } from "./env.ts";

/** One KMS call per job, not per secret. */
const KEEP_MILLISECONDS = 5 * 60_000;
const KEPT = 100;

/** The client is loaded at first use: most requests seal nothing. */
export function dataKeys(env: Readonly<Record<string, string | undefined>>): DataKeys {
  let made: Promise<DataKeys> | undefined;
  const kms = () => {
    made ??= import("./kms.ts").then(({ createKms }) => createKms(endpoint(env, "kms"), need(env, "KEY_ID")));
    return made;
  };
  const opened = new Map<string, { plain: Uint8Array; until: number }>();
  return {
    make: async (about) => (await kms()).make(about),
    async unwrap(wrapped, about) {
      const name = `${Buffer.from(wrapped).toString("base64")}|${JSON.stringify(about)}`;
      const known = opened.get(name);
      if (known && known.until > Date.now()) return known.plain;
      const plain = await (await kms()).unwrap(wrapped, about);
      if (opened.size >= KEPT) opened.clear();
      opened.set(name, { plain, until: Date.now() + KEEP_MILLISECONDS });
      return plain;
    },
  };
}
