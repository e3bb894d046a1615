export interface Told {
  /** The app, and its environment unless that is the default. */
  readonly where: string;
  readonly targets: string;
  readonly release?: number | undefined;
  readonly rollback?: boolean | undefined;
  readonly again?: boolean | undefined;
  /** There was nothing to change on any target. */
  readonly unchanged?: boolean | undefined;
}

/** What people read of a kind of job: plain data for the command line and the dashboard. */
export interface KindWords {
  /** In a list: `deploy shop #3`. */
  readonly entry: (job: Told) => string;
  /** In the middle of a sentence about its app: `deployment of release 3`. */
  readonly brief: (job: Told) => string;
  /** As a heading: `Deploy shop, release 3`. */
  readonly title: (job: Told) => string;
  /** Begins a sentence. */
  readonly subject: (job: Told) => string;
  readonly done: (job: Told) => string;
  /** What failed and where; `good` names the targets where it succeeded. */
  readonly failed: (job: Told, bad: string, good: string) => readonly [what: string, where: string];
  /** What canceling does, briefly and in full. */
  readonly canceling: { readonly hint: string; readonly text: string };
  /** Makes a plan, which its input names. */
  readonly plans: boolean;
  /** Makes a release live, so what serves afterwards is shown too. */
  readonly releases: boolean;
  /** Its runs print more than their result. */
  readonly logs: boolean;
}
