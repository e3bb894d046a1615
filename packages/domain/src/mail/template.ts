import type { World } from "../context.ts";

export type MailData = Readonly<Record<string, string | number>>;

/** Where the dashboard is, and the address of support. */
export type Berth = Pick<World, "origin" | "support">;

export interface Link {
  readonly text: string;
  /** Of the dashboard. */
  readonly path: string;
}

export interface Written {
  readonly subject: string;
  /** Paragraphs; the links come after them. */
  readonly lines: readonly string[];
  readonly links?: readonly Link[];
}

/** Mails by name. A noun has its own in `mails.ts`. */
export type Templates = Readonly<Record<string, (data: MailData, berth: Berth) => Written>>;
