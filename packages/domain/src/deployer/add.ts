import { getApp } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { byWhom, whoIs } from "../audit/who.ts";
import { addresses } from "../auth/proof.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { post, send } from "../mail/outbox.ts";
import { remember } from "../once.ts";
import { insert, tryCommit, type Write } from "../table.ts";
import { tokenLives } from "../token/issue.ts";
import { addWithinLimit } from "../turn.ts";
import { type Deployer, deployerKey, pointerKey, readDeployers, type StoredDeployer } from "./deployer.ts";
import { jobWords } from "./job-words.ts";

export const DEPLOYERS_MOST = 50;

export interface NewDeployer {
  readonly provider: "github";
  readonly app: string;
  readonly repository: string;
  readonly repositoryId?: string | undefined;
  readonly ref?: string | undefined;
  readonly jobEnvironment?: string | undefined;
  readonly pullRequests?: boolean | undefined;
}

/** @throws Problem auth.proof, app.not_found, input.invalid, deployer.too_many */
export async function addDeployer(ctx: Context, input: NewDeployer): Promise<Deployer> {
  allow(ctx, "admin");
  requireProof(ctx);
  if (input.ref === undefined && input.jobEnvironment === undefined)
    throw new Problem("input.invalid", { detail: "A deployer is for a ref, for an environment of jobs, or for both." });
  if (input.pullRequests && input.ref !== undefined)
    throw new Problem("input.invalid", {
      detail: "Each pull request has a ref of its own: name an environment of jobs instead of a ref.",
    });
  const app = await getApp(ctx, input.app);
  return addWithinLimit(ctx, "deployers", (turn) => add(ctx, app.id, input, turn));
}

async function add(ctx: Context, appId: string, input: NewDeployer, turn: Write): Promise<Deployer | false> {
  if ((await readDeployers(ctx)).length >= DEPLOYERS_MOST)
    throw new Problem("deployer.too_many", { detail: `${DEPLOYERS_MOST} is the most at a time.` });
  const { provider, app, repository, repositoryId, ref, jobEnvironment, pullRequests } = input;
  const deployer: Deployer = {
    id: newId(ctx, "deployer"),
    provider,
    app,
    repository,
    ...(repositoryId !== undefined && { repositoryId }),
    ...(ref !== undefined && { ref }),
    ...(jobEnvironment !== undefined && { jobEnvironment }),
    ...(pullRequests && { pullRequests }),
    createdAt: ctx.now().toISOString(),
    by: whoIs(ctx.actor),
  };
  const where = jobWords(deployer);
  const told = await announce(ctx, deployer, where);
  const stored: StoredDeployer = { ...deployer, appId };
  const added = await tryCommit(
    ctx,
    turn,
    isOpen(ctx),
    tokenLives(ctx),
    remember(ctx, deployer),
    insert(ctx, deployerKey(ctx, deployer.id), stored),
    insert(ctx, pointerKey(deployer.id), { tenant: ctx.tenant }),
    ...told.map(({ write }) => write),
    audit(ctx, "deployer.add", deployer.id, { name: repository, detail: `${app}: ${where}` }),
  );
  if (!added) return false;
  for (const { mail } of told) await send(ctx, mail);
  return deployer;
}

async function announce(ctx: Context, { id, app, repository, createdAt }: Deployer, where: string) {
  const data = { id, app, repository, where, by: byWhom(ctx.actor), at: new Date(createdAt).toUTCString() };
  return (await addresses(ctx)).map((to) => post(ctx, { to, template: "deployer-added", data }));
}
