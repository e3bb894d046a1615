import type { Job } from "@berth/domain/job/job.ts";
import type { Customer } from "./customer.ts";
import type { Lines } from "./line.ts";
import type { Process } from "./process.ts";
import type { Queue } from "./queue.ts";
import type { Stage } from "./stage.ts";

export type Row = Record<string, unknown>;

/** What the judge knows: the table as it was written, and what servers did. */
export interface Known {
  readonly jobs: Map<string, Job & { readonly tenant: string }>;
  readonly endedAt: Map<string, number>;
  /** When a job of the tenant ended last. */
  readonly lastEnd: Map<string, number>;
  /** Rows of environments, apps, accounts and targets by `pk|sk`. */
  readonly rows: Map<string, Row>;
  /** Events kept, by job and target. */
  readonly events: Map<string, Set<number>>;
  /** The images that a release of an app was first healthy with, by server. */
  readonly images: Map<string, Map<string, string>>;
  /** Who has marked a rollout as running, in order, by `job target`. */
  readonly markers: Map<string, Process[]>;
  /** How often a job had its effect on a server. */
  readonly effects: Map<string, number>;
  /** Write units by job. */
  readonly spent: Map<string, number>;
  readonly customers: Map<string, Customer>;
  /** How many values of secrets and add-ons were kept for an app. */
  readonly kept: Map<string, number>;
}

export interface Rest {
  readonly queue: Queue;
  readonly lines: Lines;
  readonly quietAt: number;
  /** Whether services are built in this history. */
  readonly builds: boolean;
}

export const ends = ({ status }: Pick<Job, "status">) => status === "succeeded" || status === "failed" || status === "canceled";
export const over = ends as (rollout: { status: string }) => boolean;
/** The job a run on a server belongs to: a later try after a verdict is a run of its own. */
export const jobOf = (run: string) => run.replace(/-\d+$/, "");
/** Nothing goes wrong for a tenant; a server that says nothing is a fault, too. */
export const isCalm = ({ swarm }: Stage, known: Known, tenant: string) => swarm.calm && !known.customers.get(tenant)?.hostile;
/** How long after its last look at the entitlement a worker may still begin: it may have been frozen between the two. */
export const BELATED = 16 * 60_000;
