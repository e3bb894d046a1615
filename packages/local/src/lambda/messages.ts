/** What the cloud and a process that runs functions say to each other. Serialised by structured clone. */
export type ToWorker =
  | {
      readonly kind: "invoke";
      readonly id: number;
      readonly name: string;
      readonly file: string;
      readonly event: unknown;
      readonly timeoutSeconds: number;
    }
  | { readonly kind: "clock"; readonly ahead: number };

export interface StreamHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "error"; readonly id: number; readonly name: string; readonly message: string; readonly stack: string }
  /** A streamed answer begins; its pieces follow, and then its result. */
  | { readonly kind: "head"; readonly id: number; readonly head: StreamHead }
  | { readonly kind: "chunk"; readonly id: number; readonly data: Uint8Array };
