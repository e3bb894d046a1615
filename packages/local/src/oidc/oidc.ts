import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";

/** What a workflow's job is, as far as GitHub says it in the job's identity token. */
export interface GithubJob {
  readonly repository: string;
  /** By default one that follows from the name. */
  readonly repositoryId?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly ref: string;
  readonly event?: string | undefined;
  readonly environment?: string | undefined;
}

/** What the runner gives a job that may ask for identity tokens, besides its other variables. */
export interface Request {
  readonly ACTIONS_ID_TOKEN_REQUEST_URL: string;
  readonly ACTIONS_ID_TOKEN_REQUEST_TOKEN: string;
}

/** GitHub's issuer of identity tokens, with its own keys, in memory. Signed by node:crypto alone, so that what verifies is another program. */
export interface Oidc {
  jwks(): { keys: object[] };
  begin(job: GithubJob): Request;
  /** For the job of a request. Undefined where the request's token is not right. */
  identityOf(job: string, bearer: string, audience: string | undefined): string | undefined;
  claimsOf(job: GithubJob, audience?: string): Record<string, unknown>;
  /** Whatever is claimed, under the newest key. */
  sign(claims: object): string;
  /** Signs with a new key from now on; those before it stay published. */
  rotate(): void;
  clear(): void;
}

const ALIVE_SECONDS = 300;

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const idFrom = (name: string) => String(createHash("sha256").update(name).digest().readUInt32BE(0));

export function createOidc({ url, now }: { readonly url: () => string; readonly now: () => number }): Oidc {
  const pairs: { kid: string; publicKey: KeyObject; privateKey: KeyObject }[] = [];
  const jobs = new Map<string, { readonly bearer: string; readonly job: GithubJob }>();
  const rotate = () => {
    pairs.push({ kid: randomUUID(), ...generateKeyPairSync("rsa", { modulusLength: 2048 }) });
  };
  const newest = () => {
    if (pairs.length === 0) rotate(); // takes a moment, and most clouds never need one
    return pairs[pairs.length - 1]!; // one is there now
  };
  const sign = (claims: object) => {
    const { kid, privateKey } = newest();
    const said = `${base64url({ typ: "JWT", alg: "RS256", kid })}.${base64url(claims)}`;
    return `${said}.${createSign("RSA-SHA256").update(said).sign(privateKey, "base64url")}`;
  };
  const claimsOf = (job: GithubJob, audience?: string) => {
    const { repository, ref, environment, event = "push" } = job;
    const [owner = ""] = repository.split("/");
    const seconds = Math.floor(now() / 1000);
    const about = environment ? `environment:${environment}` : event.startsWith("pull_request") ? "pull_request" : `ref:${ref}`;
    return {
      jti: randomUUID(),
      sub: `repo:${repository}:${about}`,
      aud: audience ?? `https://github.com/${owner}`,
      ref,
      ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
      repository,
      repository_id: job.repositoryId ?? idFrom(repository),
      repository_owner: owner,
      repository_owner_id: job.ownerId ?? idFrom(owner),
      event_name: event,
      ...(environment && { environment }),
      iss: url(),
      nbf: seconds - ALIVE_SECONDS,
      iat: seconds,
      exp: seconds + ALIVE_SECONDS,
    };
  };
  return {
    jwks: () => {
      newest();
      return {
        keys: pairs.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" })),
      };
    },
    begin(job) {
      const id = randomUUID();
      const bearer = randomBytes(24).toString("base64url");
      jobs.set(id, { bearer, job });
      return {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url()}/jobs/${id}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
      };
    },
    identityOf(id, bearer, audience) {
      const found = jobs.get(id);
      return found && found.bearer === bearer ? sign(claimsOf(found.job, audience)) : undefined;
    },
    claimsOf,
    sign,
    rotate,
    clear: () => jobs.clear(),
  };
}
