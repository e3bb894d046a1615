import { randomUUID } from "node:crypto";

/** Headers of a request that happens once, however often it is sent. */
export const once = () => ({ headers: { "idempotency-key": `cli-${randomUUID()}` } });
