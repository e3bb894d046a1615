import { body } from "@berth/api-client/client.ts";
import { type Asking, connect } from "../api/client.ts";
import { refuse } from "../refusal.ts";
import type { Terminal } from "../terminal/terminal.ts";

type Env = Readonly<Record<string, string | undefined>>;

interface Job {
  readonly url: string;
  readonly deployer: string;
  readonly env: Env;
  readonly terminal: Terminal;
  readonly asking: Asking;
}

const PATIENCE_MS = 20_000;
/** A token that ends sooner than this is not begun with: what is followed takes longer than what is asked. */
const LEFT_MS = 2 * 60_000;

/** The token of a job that a deployer accepts, kept in memory only; asked for again before it ends. */
export function tokenOfJob(job: Job): () => Promise<string> {
  let held: { readonly secret: string; readonly until: number } | undefined;
  return async () => {
    if (held === undefined || held.until - Date.now() < LEFT_MS) {
      const { secret, expiresAt, createdAt } = await exchange(job);
      // By this machine's clock, whatever it shows.
      held = { secret, until: Date.now() + Date.parse(expiresAt) - Date.parse(createdAt) };
    }
    return held.secret;
  };
}

async function exchange(job: Job) {
  const { url, deployer, asking } = job;
  const identity = await identityOf(job);
  const token = await body(connect(url, asking).v1.auth.oidc.$post({ json: { deployer, token: identity } }));
  mask(job, token.secret);
  return token;
}

/** GitHub's word for which job this is, for this service alone. @throws Refused cli.no_identity */
async function identityOf(job: Job): Promise<string> {
  const { env, url } = job;
  const { ACTIONS_ID_TOKEN_REQUEST_URL: at, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!at || !bearer || !URL.canParse(at))
    throw refuse("cli.no_identity", { detail: "BERTH_DEPLOYER is set, and this job may not ask GitHub for an identity token." });
  const asked = new URL(at);
  asked.searchParams.set("audience", url);
  const { transportOf } = await import("../api/transport.ts");
  try {
    const answer = await transportOf(asked.href, env)(asked.href, {
      headers: { authorization: `Bearer ${bearer}`, accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    const { value } = (await answer.json()) as { value?: unknown };
    if (typeof value !== "string" || value === "") throw new Error("its answer holds no token");
    mask(job, value);
    return value;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse("cli.no_identity", { detail: `GitHub gave no identity token: ${why}.`, cause: error });
  }
}

/** Tells the runner to show it in no log. Beside the answer, which a program may read. */
function mask({ env, terminal }: Job, secret: string): void {
  if (env.GITHUB_ACTIONS === "true") terminal.err(`::add-mask::${secret}`);
}
