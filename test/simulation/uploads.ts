import type { Answer } from "./api.ts";
import type { Bucket } from "./bucket.ts";
import type { Builds } from "./judge-builds.ts";
import { type Source, sourceOf } from "./sources.ts";
import type { Stage } from "./stage.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** As the command line waits before its second, third, ... try of one archive. */
const WAITS = [300, 1000, 2500, 5000, 10_000];
/** How long what an app was built from is in the bucket when the history begins: some of it is about to go, or has gone. */
const AGES = [0.1, 6.98, 7.02, 14.995, 14.999, 15.1].map((days) => days * DAY);

/** How a client sends: as the command line does, while it deploys already, not all of it, or nothing and unasked. */
type Manner = "whole" | "hasty" | "careless" | "unasked";

interface Upload {
  readonly hash: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Ask = (method: string, path: string, body: object) => Promise<Answer | undefined>;

/** What a customer's services are built from, and how it is sent. */
export interface Uploads {
  /** What an app is built from now, or again. */
  sources(app: string, again: number): readonly Source[];
  /** The large files that it mounts: mostly none. */
  mounted(): readonly Source[];
  /** A release is made from them, by its Compose file. */
  made(compose: string, sources: readonly Source[], mounted: readonly Source[]): void;
  /** Asks which are kept, and sends the others. False for a client that gives up. */
  send(app: string, sources: readonly Source[], ask: Ask): Promise<boolean>;
  /** Counts as under way until it is done. */
  during<T>(work: () => Promise<T>): Promise<T>;
  going(): number;
}

export function createUploads(stage: Stage, bucket: Bucket, judge: Builds, tenant: string): Uploads {
  const { chance, clock, swarm } = stage;
  const last = new Map<string, readonly Source[]>();
  let count = 0;
  let going = 0;
  // Of everybody the same bytes.
  const shared = sourceOf("COPY modules\n");
  const own = sourceOf(`COPY assets of ${tenant}\n`);
  bucket.seed(tenant, own.hash, own.content, chance.pick(AGES));
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve));

  async function put({ url, headers, hash }: Upload, { content }: Source): Promise<boolean> {
    const signed = clock.now();
    for (let tries = 0; tries <= WAITS.length; tries++) {
      if (tries > 0) await sleep(WAITS[tries - 1] ?? 0);
      await sleep(chance.hit(0.05) ? chance.between(5000, 5 * MINUTE) : chance.between(50, 3000));
      if (swarm.strike("upload late"))
        await sleep(chance.hit(0.5) ? chance.between(5, 30) * MINUTE : chance.between(72, 80) * MINUTE);
      if (swarm.strike("upload broken")) continue;
      const wrong = swarm.strike("file changed meanwhile");
      const status = bucket.put(tenant, url, headers, wrong ? content.replace("COPY", "copy") : content);
      judge.sent(hash, { status, wrong, late: clock.now() - signed });
      if (swarm.strike("upload sent twice"))
        clock.after(chance.between(0, MINUTE), () => void bucket.put(tenant, url, headers, content));
      if (swarm.strike("upload done, no answer")) continue;
      return status === 200;
    }
    return false;
  }

  return {
    going: () => going,
    made: judge.made,
    async during(work) {
      going++;
      const done = await work();
      going--;
      return done;
    },
    mounted: () => (chance.hit(0.2) ? [chance.hit(0.5) ? own : sourceOf(`large file ${++count} of ${tenant}\n`)] : []),
    sources(app, again) {
      const before = last.get(app);
      const made = sourceOf(`COPY code ${++count} of ${tenant}\n${chance.hit(0.15) ? "RUN false\n" : ""}`);
      const now =
        before && chance.hit(again) ? before : chance.hit(0.5) ? [shared, own, made] : [chance.pick([shared, own]), made];
      last.set(app, now);
      return now;
    },
    async send(app, sources, ask) {
      const manner: Manner = chance.hit(0.82) ? "whole" : chance.pick(["hasty", "careless", "unasked"] as const);
      if (manner === "unasked") return true;
      const archives = sources.map(({ hash, content }) => ({ hash, bytes: content.length }));
      const asked = await ask("POST", `/v1/apps/${app}/archives`, { archives });
      if (asked?.status !== 200) return false;
      const uploads = asked.body.items as readonly Upload[];
      for (const { hash } of sources) if (!uploads.some((each) => each.hash === hash)) judge.calledKept(tenant, hash);
      const sent = uploads.slice(manner === "careless" ? 1 : 0).map((upload) => {
        const source = sources.find(({ hash }) => hash === upload.hash);
        return source ? put(upload, source) : Promise.resolve(false);
      });
      return manner === "hasty" || (await Promise.all(sent)).every((each) => each);
    },
  };
}
