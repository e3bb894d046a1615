import { DecryptCommand, GenerateDataKeyCommand, KMSClient, type KMSClientConfig } from "@aws-sdk/client-kms";
import type { DataKeys } from "@berth/domain/secret/seal.ts";

/** A module of its own, so that only three names of the SDK are bundled, and loaded at first use. */
export function createKms(config: KMSClientConfig, keyId: string): DataKeys {
  const client = new KMSClient(config);
  return {
    async make(about) {
      const answer = await client.send(
        new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256", EncryptionContext: { ...about } }),
      );
      if (!answer.Plaintext || !answer.CiphertextBlob) throw new Error("KMS made no data key");
      return { plain: answer.Plaintext, wrapped: answer.CiphertextBlob };
    },
    async unwrap(wrapped, about) {
      const answer = await client.send(
        new DecryptCommand({ KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: { ...about } }),
      );
      if (!answer.Plaintext) throw new Error("KMS opened no data key");
      return answer.Plaintext;
    },
  };
}
