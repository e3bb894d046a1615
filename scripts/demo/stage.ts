import type { Cloud } from "@berth/local/cloud.ts";
import type { Berth } from "./berth.ts";
import type { Telling } from "./telling.ts";

/** A server the story is told on. */
export interface Place {
  readonly name: string;
  /** `user@host:port`, as the customer types it. */
  readonly address: string;
  readonly host: string;
  /** The fingerprint it must show, where it is known from elsewhere. */
  readonly fingerprint?: string;
  /** Containers made since a moment of its own clock, by service; where it can be counted. */
  created?(since: string): Promise<Record<string, number>>;
  clock?(): Promise<string>;
}

export interface Stage {
  readonly cloud: Cloud;
  readonly berth: Berth;
  readonly places: readonly Place[];
  /** A folder of the customer's own. */
  readonly folder: string;
  readonly telling: Telling;
  /** A registry that wants a login, where the stage has one. */
  readonly registry?:
    | { readonly host: string; readonly user: string; readonly password: string; readonly image: string }
    | undefined;
}

/** The app of the story. */
export const APP = "shop";
