import type { Issuer, PublicKey } from "@berth/domain/context.ts";
import * as z from "zod";
import type { Vars } from "./env.ts";

const GITHUB = "https://token.actions.githubusercontent.com";

const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).max(50) });

const FETCH_MS = 3000;
const BYTES_MOST = 256 * 1024;
/** A key that was taken back is believed for this long at most. */
const FRESH_MS = 10 * 60_000;
/** Anybody can name a key that is not there. */
const AGAIN_MS = 30_000;

/** The keys are kept for as long as the process lives; the address is never a caller's. Only on the local stage it is the local one. */
export const githubOf = (env: Vars): Issuer => issuerOf((env.STAGE === "local" && env.LOCAL_ISSUER) || GITHUB);

export function issuerOf(url: string, now: () => number = Date.now): Issuer {
  let known: { readonly keys: readonly PublicKey[]; readonly at: number } | undefined;
  let asking: Promise<readonly PublicKey[]> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async () => {
    askedAt = now();
    const keys = await fetchKeys(`${url}/.well-known/jwks`);
    known = { keys, at: askedAt };
    return keys;
  };
  return {
    url,
    async keys(kid) {
      const fresh = known !== undefined && now() - known.at < FRESH_MS;
      if (fresh && (known?.keys.some((key) => key.kid === kid) || now() - askedAt < AGAIN_MS)) return known?.keys ?? [];
      if (!asking && !fresh && now() - askedAt < 1000) throw new Error("the issuer was asked just now, in vain");
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}

async function fetchKeys(url: string): Promise<readonly PublicKey[]> {
  const answer = await fetch(url, {
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_MS),
    headers: { accept: "application/json" },
  });
  if (!answer.ok || !answer.body) throw new Error(`the issuer answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > BYTES_MOST) throw new Error("the issuer's answer is too long");
    chunks.push(chunk);
  }
  return Keys.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))).keys;
}
