import type { CheckResult, Failure } from "./job.ts";

export type Outcome =
  | { readonly ok: true; readonly downMs?: number | undefined; readonly found?: CheckResult | undefined }
  | {
      readonly ok: false;
      readonly failure: Failure;
      readonly canceled?: boolean;
      readonly downMs?: number | undefined;
      readonly found?: CheckResult;
      /** The server did not say how its run stands, or whether there is one. */
      readonly silent?: boolean;
      /** The command was sent. */
      readonly begun?: boolean;
    };
