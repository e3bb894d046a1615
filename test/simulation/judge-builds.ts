import type { Job } from "@berth/domain/job/job.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import type { BucketWatch } from "./bucket.ts";
import { isCalm, jobOf, type Known } from "./known.ts";
import { composeOf } from "./reporting.ts";
import type { Run, Server } from "./server.ts";
import { builtImage, type Source, sha256 } from "./sources.ts";
import type { Stage } from "./stage.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** What the bucket keeps, and of that what is left at least of what is called kept, with what clocks may be apart. */
const KEPT = 15 * DAY;
const LEFT = 8 * DAY - 11 * MINUTE;
/** An address takes its archive for an hour, by a clock that may be behind. */
const LATE = 49 * MINUTE;

/** Holds what is sent to be built, and what is built, to what is promised of them. */
export function judgeBuilds(stage: Stage, known: Known) {
  const { clock, violate } = stage;
  /** What releases are made from, by their Compose file, as the customer made them. */
  const made = new Map<string, { readonly sources: readonly Source[]; readonly mounted: readonly Source[] }>();
  const sourcesOf = (input: RunInput) => {
    const { sources = [] } = made.get(composeOf(input)) ?? {};
    return sources.length > 0 ? sources : undefined;
  };
  /** It goes back to a release, or has the images of the live one. */
  const hasImages = ({ values }: RunInput) => values.pull === "missing";
  /** What a run cannot begin without: large files may be there from before. */
  const neededBy = (input: RunInput, rollback: boolean, server?: Server) => {
    const { sources = [], mounted = [] } = made.get(composeOf(input)) ?? {};
    const isThere = server?.projects.get(input.values.project ?? "")?.composes.has(Number(input.values.release));
    return [...(rollback || input.values.carried ? [] : sources), ...(isThere ? [] : mounted)];
  };
  /** Since when an object is in the bucket without a gap, and until when, by its key. */
  const objects = new Map<string, { readonly since: number; readonly until: number }>();
  const asked = new Map<string, readonly Source[]>();
  /** What has arrived on a server and was not dropped there. */
  const arrived = new Map<string, Set<string>>();
  const built = new Set<string>();
  const before = new Map<string, string>();
  const runs = (server: Server, run: Run) => {
    const project = server.projects.get(run.input.values.project ?? "");
    return JSON.stringify([project?.serves, project?.image, project?.current]);
  };
  const hereOf = (server: Server) => {
    const here = arrived.get(server.host) ?? new Set<string>();
    arrived.set(server.host, here);
    return here;
  };

  const bucket: BucketWatch = {
    stored(key, { content, by, at }) {
      const [tenant, hash] = key.split("/");
      if (sha256(content) !== hash) violate("16 what is kept is what its name says", key);
      if (by !== tenant) violate("8 no tenant reaches another's", `${by} writes ${key}`);
      const old = objects.get(key);
      objects.set(key, { since: old && old.until > at ? old.since : at, until: at + KEPT });
    },
    opened(process, key, { by }) {
      if (process.tenant !== undefined && (process.tenant !== by || !key.startsWith(`${process.tenant}/`)))
        violate("8 no tenant reaches another's", `${process.name} of ${process.tenant} is given ${key} of ${by}`);
    },
  };

  const judgeCarried = (run: Run) => {
    const job = known.jobs.get(jobOf(run.job));
    const first = job?.rollouts[String(job.input?.builder)];
    if (first?.status !== "succeeded") violate("16 who builds comes first", `${run.job}: ${first?.name} is ${first?.status}`);
    if (run.input.archives?.list.length) violate("16 one builds for all", `${run.job} brings what it is built from`);
  };

  return {
    bucket,
    made: (compose: string, sources: readonly Source[], mounted: readonly Source[]) =>
      void made.set(compose, { sources, mounted }),
    /** A client is told that it need not send an archive. */
    calledKept(tenant: string, hash: string): void {
      const left = (objects.get(`${tenant}/${hash}`)?.until ?? 0) - clock.now();
      if (left < LEFT) violate("16 what is called kept stays for a week", `${hash} of ${tenant} goes in ${left / DAY} days`);
    },
    /** A client has sent an archive to the address it was given `late` milliseconds before. */
    sent(
      hash: string,
      { status, wrong, late }: { readonly status: number; readonly wrong: boolean; readonly late: number },
    ): void {
      if (status !== 200 && !wrong && late < LATE) violate("16 what is asked for is taken", `${hash}: ${status}`);
    },
    asked(input: RunInput): void {
      const job = known.jobs.get(jobOf(input.job));
      if (!job || input.op !== "deploy") return;
      const needed = neededBy(input, hasImages(input));
      if (needed.length > 0) asked.set(job.id, needed);
      if (hasImages(input) && input.archives && input.archives.list.length > 0)
        violate("16 a rollback never builds", `${job.id} brings what it is built from`);
    },
    arrived(server: Server, hash: string, content: string): void {
      if (sha256(content) !== hash) violate("16 what has arrived is what was sent", `${hash} on ${server.host}`);
      if (hereOf(server).has(hash)) violate("16 what has arrived is not sent again", `${hash} to ${server.host}`);
      hereOf(server).add(hash);
    },
    dropped(server: Server, hash: string): void {
      hereOf(server).delete(hash);
    },
    began(server: Server, run: Run): void {
      if (run.input.values.carried && run.life === 1) judgeCarried(run);
      if (run.life === 1) before.set(`${server.host} ${run.job}`, runs(server, run));
      if (run.canceled || run.image !== undefined || run.input.op !== "deploy") return;
      for (const { hash } of neededBy(run.input, hasImages(run.input), server))
        if (!hereOf(server).has(hash)) violate("16 nothing begins before all has arrived", `${run.job} without ${hash}`);
    },
    built(server: Server, run: Run): void {
      built.add(`${server.host} ${run.job}`);
      if (hasImages(run.input)) violate("16 a rollback never builds", `${run.job} on ${server.host}`);
    },
    /** What served is about to be stopped. */
    changes(server: Server, run: Run): void {
      const sources = sourcesOf(run.input);
      const at = `${server.host} ${run.job}`;
      if (!sources || built.has(at) || run.carried === imageOf(sources) || hasImages(run.input)) return;
      const project = server.projects.get(run.input.values.project ?? "");
      const had = [project?.image, ...(project?.healthy.values() ?? [])];
      if (!had.includes(imageOf(sources))) violate("16 nothing is stopped before a build succeeded", at);
    },
    took(server: Server, run: Run): void {
      const sources = run.input.op === "deploy" ? sourcesOf(run.input) : undefined;
      if (sources && run.image !== imageOf(sources))
        violate("16 what runs is built from what the release names", `${run.job} on ${server.host} has ${run.image}`);
    },
    concluded(server: Server, run: Run): void {
      const at = `${server.host} ${run.job}`;
      if (run.exit?.code !== 0 && !run.changed && run.input.op === "deploy" && before.get(at) !== runs(server, run))
        violate("16 what ran runs on", `${at} ended as ${run.exit?.class}, and left ${runs(server, run)} of ${before.get(at)}`);
    },
    /** A rollout has failed. */
    failed(job: Job & { readonly tenant: string }, { failure }: Job["rollouts"][string]): void {
      const sources = asked.get(job.id);
      const first = job.rollouts[String(job.input?.builder)];
      if (first && failure?.class === "image.gone")
        violate("16 what one has built is there for the others", `${job.id}: ${failure.message}`);
      if (first?.status === "succeeded" && failure?.class === "not.begun")
        violate("16 what one has built is there for the others", `${job.id} is not begun`);
      if (failure?.class === "archive.gone") {
        const created = Date.parse(job.createdAt) - 11 * MINUTE;
        const kept = (each: Source) => {
          const { since = Number.POSITIVE_INFINITY, until = 0 } = objects.get(`${job.tenant}/${each.hash}`) ?? {};
          return since < created && until > clock.now() + 16 * MINUTE;
        };
        if (!sources || sources.every(kept)) violate("16 what is kept is found", `${job.id} is told that it is gone`);
      } else if (sources && failure && isCalm(stage, known, job.tenant) && /^(dropped|internal)$/.test(failure.class))
        violate("16 what is sent arrives, and what is gone is said so", `${job.id} ends as ${failure.class}`);
    },
  };
}

const imageOf = (sources: readonly Source[]) => builtImage(sources.map(({ content }) => content));

export type Builds = ReturnType<typeof judgeBuilds>;
