import type { CheckResult, Failure } from "./job.ts";

export type Outcome =
  | {
      readonly ok: true;
      readonly unchanged?: boolean | undefined;
      readonly downMs?: number | undefined;
      readonly found?: CheckResult | undefined;
    }
  | {
      readonly ok: false;
      readonly failure: Failure;
      readonly downMs?: number | undefined;
      readonly found?: CheckResult;
      /** Without a verdict of the server: it canceled the run, or did not say how it stands, and this attempt may have begun one or has not. */
      readonly run?: "canceled" | "may have begun" | "not begun" | undefined;
    };
