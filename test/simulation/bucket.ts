import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { bucketOf } from "@berth/aws/s3.ts";
import type { Archives } from "@berth/domain/context.ts";
import { checkSignature } from "@berth/local-s3/signature.ts";
import type { Process, Processes } from "./process.ts";
import type { Stage } from "./stage.ts";

const BUCKET = "archives";
const HOST = "bucket.test";
const credentials = { accessKeyId: "simulated", secretAccessKey: "simulated" };
/** Our addition to an address: when it was signed in virtual time. The client signs by the machine's clock. */
const SIGNED = "&signed=";
/** An object goes so long after it was put: what infra/data.ts tells the bucket. */
const KEPT_MILLISECONDS = 15 * 86_400_000;

interface Kept {
  readonly content: string;
  /** The tenant that sent it. */
  readonly by: string;
  readonly at: number;
}

/** What the judge hears of it. */
export interface BucketWatch {
  stored(key: string, kept: Kept): void;
  /** A process was given an object. */
  opened(process: Process, key: string, kept: Kept): void;
}

export interface Bucket {
  archivesOf(process: Process): Archives;
  /** A PUT as a client sends it; answers the status. */
  put(by: string, url: string, headers: Readonly<Record<string, string>>, content: string): number;
  /** What was sent before the history begins. */
  seed(tenant: string, hash: string, content: string, age: number): void;
}

class Answer {
  readonly reason = "";
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  constructor(statusCode: number, headers: Readonly<Record<string, string>>, text: string) {
    this.statusCode = statusCode;
    this.headers = headers;
    this.body = Readable.from([Buffer.from(text)]);
  }
}

interface Request {
  readonly method: string;
  readonly path: string;
}

type Handle = (request: Request) => Promise<{ readonly response: Answer }>;

const clientOf = (handle: Handle, now: () => Date) =>
  bucketOf(
    {
      region: "simulated",
      endpoint: `http://${HOST}`,
      credentials,
      // A second try would wait in real time.
      maxAttempts: 1,
      requestHandler: { handle },
    },
    BUCKET,
    now,
  );

// What the client reads of the machine's files at its first use is read before the first history.
const first = clientOf(
  () => Promise.resolve({ response: new Answer(404, {}, "<Error><Code>NoSuchKey</Code></Error>") }),
  () => new Date(0),
);
await first.upload("ten_0", { hash: "00", bytes: 1 });
await first.open("ten_0", "00");

/** The bucket as S3 has it. The production code asks it through the real client, and its addresses take what they were signed for and nothing else. */
export function createBucket(stage: Stage, processes: Processes, watch: BucketWatch): Bucket {
  const { chance, clock, swarm, tell } = stage;
  const objects = new Map<string, Kept>();

  function find(key: string): Kept | undefined {
    const kept = objects.get(key);
    return kept && kept.at + KEPT_MILLISECONDS > clock.now() ? kept : undefined;
  }

  function answer(process: Process, { method, path }: Request): Answer {
    if (swarm.strike("bucket silent")) throw Object.assign(new Error("simulated time-out"), { name: "TimeoutError" });
    const key = path.slice(`/${BUCKET}/`.length);
    const kept = find(key);
    if (!kept) return new Answer(404, {}, method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
    if (method === "HEAD") return new Answer(200, { "last-modified": new Date(kept.at).toUTCString() }, "");
    watch.opened(process, key, kept);
    tell(process.name, `is given ${key.slice(-8)}`);
    return new Answer(200, { "content-length": String(Buffer.byteLength(kept.content)) }, kept.content);
  }

  function keep(key: string, kept: Kept): void {
    objects.set(key, kept);
    watch.stored(key, kept);
  }

  return {
    archivesOf(process) {
      let real: Archives | undefined;
      const now = () => clock.now() + process.skew;
      const archives = () => {
        real ??= clientOf(
          async (request) => ({
            response: await processes.call(process, chance.between(5, 60), () => answer(process, request)),
          }),
          () => new Date(now()),
        );
        return real;
      };
      return {
        async upload(tenant, archive) {
          const asked = await archives().upload(tenant, archive);
          return asked && { ...asked, url: `${asked.url}${SIGNED}${now()}` };
        },
        open: (tenant, hash) => archives().open(tenant, hash),
      };
    },
    put(by, address, given, content) {
      const [url = "", at] = address.split(SIGNED);
      const { pathname, search, searchParams } = new URL(url);
      const headers = { host: HOST, "content-length": String(Buffer.byteLength(content)), ...given };
      try {
        const signedAt = dateOf(searchParams.get("X-Amz-Date") ?? "");
        checkSignature({ method: "PUT", url: `${pathname}${search}`, headers }, [credentials], signedAt);
      } catch {
        return 403;
      }
      if (clock.now() > Number(at) + Number(searchParams.get("X-Amz-Expires")) * 1000) return 403;
      const sum = given["x-amz-checksum-sha256"];
      if (sum !== undefined && sum !== createHash("sha256").update(content).digest("base64")) return 400;
      tell(by, `has sent ${pathname.slice(-8)}`);
      keep(pathname.slice(`/${BUCKET}/`.length), { content, by, at: clock.now() });
      return 200;
    },
    seed: (tenant, hash, content, age) => keep(`${tenant}/${hash}`, { content, by: tenant, at: clock.now() - age }),
  };
}

const dateOf = (date: string) => Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
