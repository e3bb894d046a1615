import { randomBytes } from "node:crypto";
import { sealing } from "@berth/domain/secret/seal.ts";
import { dataKeys } from "./data-keys.ts";
import type { Vars } from "./env.ts";

/** A module of its own, loaded at first use: most requests seal nothing. */
export const sealerOf = (env: Vars) => sealing(dataKeys(env), (bytes) => randomBytes(bytes));
export type Sealer = ReturnType<typeof sealerOf>;
