import type { KMSClient } from "@aws-sdk/client-kms";
import type { DataKeys } from "@berth/domain/secret/seal.ts";
import { endpoint, need } from "./world.ts";

/** Opened data keys are kept this long: one call to KMS for a job, not one for every secret. */
const KEEP_MILLISECONDS = 5 * 60_000;
const KEPT = 100;

/** Data keys of the service's one KMS key. The client is loaded at the first use: most requests seal nothing. */
export function dataKeys(env: Readonly<Record<string, string | undefined>>): DataKeys {
  let client: Promise<KMSClient> | undefined;
  const kms = async () => {
    const sdk = await import("@aws-sdk/client-kms");
    client ??= Promise.resolve(new sdk.KMSClient({ ...endpoint(env, "kms") }));
    return { sdk, client: await client };
  };
  const opened = new Map<string, { plain: Uint8Array; until: number }>();
  return {
    async make(about) {
      const { sdk, client: to } = await kms();
      const answer = await to.send(
        new sdk.GenerateDataKeyCommand({ KeyId: need(env, "KEY_ID"), KeySpec: "AES_256", EncryptionContext: { ...about } }),
      );
      if (!answer.Plaintext || !answer.CiphertextBlob) throw new Error("KMS made no data key");
      return { plain: answer.Plaintext, wrapped: answer.CiphertextBlob };
    },
    async unwrap(wrapped, about) {
      const name = `${Buffer.from(wrapped).toString("base64")}|${JSON.stringify(about)}`;
      const known = opened.get(name);
      if (known && known.until > Date.now()) return known.plain;
      const { sdk, client: to } = await kms();
      const answer = await to.send(
        new sdk.DecryptCommand({ KeyId: need(env, "KEY_ID"), CiphertextBlob: wrapped, EncryptionContext: { ...about } }),
      );
      if (!answer.Plaintext) throw new Error("KMS opened no data key");
      if (opened.size >= KEPT) opened.clear();
      opened.set(name, { plain: answer.Plaintext, until: Date.now() + KEEP_MILLISECONDS });
      return answer.Plaintext;
    },
  };
}
