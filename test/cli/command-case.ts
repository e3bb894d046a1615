/** A command of which every-command.test.ts tries what all have in common. */
export interface Case {
  readonly args: readonly string[];
  readonly input?: string;
  readonly text: RegExp;
  /** The names of the answer's members; for a stream those of its last line. */
  readonly members: readonly string[];
  readonly stream?: true;
  /** What is refused, and as what, by whom. */
  readonly refused?: { readonly args?: readonly string[]; readonly code: string; readonly reader?: true };
  readonly public?: true;
}

export const gone = { args: ["gone"], code: "app.not_found" };
