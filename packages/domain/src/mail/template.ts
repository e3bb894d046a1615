import type { World } from "../context.ts";

export type MailData = Readonly<Record<string, string | number>>;

export type Berth = Pick<World, "origin" | "support">;

export interface Link {
  readonly text: string;
  readonly path: string;
}

export interface Written {
  readonly subject: string;
  /** Paragraphs; the links come after them. */
  readonly lines: readonly string[];
  readonly links?: readonly Link[];
}

/** A noun's mails are in its `mails.ts`. */
export type Templates = Readonly<Record<string, (data: MailData, berth: Berth) => Written>>;
