/** What of a job its kind has words for. */
export interface Told {
  /** Its app, with the environment where that is not the usual one. */
  readonly where: string;
  /** Its targets, by name. */
  readonly targets: string;
  readonly release?: number | undefined;
  readonly rollback?: boolean | undefined;
  readonly again?: boolean | undefined;
}

/** What people read of a kind of job: data for the command line and the dashboard, without anything of how it is done. */
export interface KindWords {
  /** In a list: `deploy shop #3`. */
  readonly entry: (job: Told) => string;
  /** As a heading: `Deploy shop, release 3`. */
  readonly title: (job: Told) => string;
  /** What it is about, at the beginning of a sentence. */
  readonly subject: (job: Told) => string;
  /** That it went well, where. */
  readonly done: (job: Told) => string;
  /** What did not come about, and where it did not and where it did. */
  readonly failed: (job: Told, bad: string, good: string) => readonly [what: string, where: string];
  /** What becomes of it when it is canceled, in a few words and in full. */
  readonly canceling: { readonly hint: string; readonly text: string };
  /** It makes a release live: what serves afterwards is told too. */
  readonly releases: boolean;
  /** Its runs say more than their result. */
  readonly logs: boolean;
}
