import * as z from "zod";

/** `key` is the base64 of the whole key blob, `fingerprint` its SHA-256 as ssh shows it. */
export const HostKey = z.object({ type: z.string(), key: z.string(), fingerprint: z.string() });
export type HostKey = z.infer<typeof HostKey>;
