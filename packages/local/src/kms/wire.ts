import { AwsError } from "../aws/error.ts";
import type { JsonService } from "../aws/json.ts";
import { jsonService, type Service } from "../aws/service.ts";
import { InvalidCiphertext, type KmsKey } from "./keys.ts";

export const keyArn = (key: Pick<KmsKey, "id">) => `arn:aws:kms:local:000000000000:key/${key.id}`;

interface Input {
  readonly KeyId?: string;
  readonly KeySpec?: "AES_256" | "AES_128";
  readonly NumberOfBytes?: number;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
}

/** KMS's JSON protocol over one key: data keys, and opening them for the encryption context they were made for. */
export function kmsService(key: KmsKey): Service {
  const mine = (id: string | undefined) => {
    if (id !== undefined && id !== key.id && id !== keyArn(key))
      throw new AwsError("NotFoundException", `Key '${id}' does not exist`);
  };
  const make = (input: Input) => {
    if (input.KeyId === undefined) throw new AwsError("ValidationException", "KeyId is missing");
    mine(input.KeyId);
    const bytes = input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32);
    return key.generateDataKey(input.EncryptionContext ?? {}, bytes);
  };
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const protocol: JsonService = {
    target: "TrentService",
    version: "1.1",
    namespace: "com.amazonaws.kms",
    operations: {
      GenerateDataKey: (input: Input) => {
        const { plain, wrapped } = make(input);
        return { CiphertextBlob: base64(wrapped), Plaintext: base64(plain), KeyId: keyArn(key) };
      },
      GenerateDataKeyWithoutPlaintext: (input: Input) => ({ CiphertextBlob: base64(make(input).wrapped), KeyId: keyArn(key) }),
      Decrypt: (input: Input) => {
        mine(input.KeyId);
        try {
          const plain = key.decrypt(Buffer.from(input.CiphertextBlob ?? "", "base64"), input.EncryptionContext ?? {});
          return { Plaintext: base64(plain), KeyId: keyArn(key), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
        } catch (error) {
          if (error instanceof InvalidCiphertext) throw new AwsError("InvalidCiphertextException", "");
          throw error;
        }
      },
    },
  };
  return jsonService("kms", protocol);
}
