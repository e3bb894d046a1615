import { type App, appKey } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { type Context, systemContext, type World } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { isId, sha256 } from "../id.ts";
import { get } from "../query.ts";
import { fromNetwork, limit, limitAll } from "../rate-limit.ts";
import { check, commit, globalKey, insert, update } from "../table.ts";
import { newToken } from "../token/new.ts";
import type { Token } from "../token/token.ts";
import { deployerKey, findDeployer, type StoredDeployer } from "./deployer.ts";
import { type Claims, LEEWAY_SECONDS, verify } from "./identity.ts";

const MINUTES = 15;

/**
 * A job's identity token for a token that may deploy the deployer's app. What is counted for the deployer is counted after the job has shown
 * that it is one of its, and a deployer that is not there is answered as one that does not accept the job.
 * @throws Problem deployer.token_invalid, deployer.refused, deployer.token_used, deployer.unavailable, rate.limited
 */
export async function exchangeIdentity(
  world: World,
  input: { deployer: string; token: string; ip: string },
): Promise<Token & { secret: string }> {
  await limitAll(world, fromNetwork("identity", input.ip, { most: 120, seconds: 600 }));
  const claims = await verify(world, input.token);
  const found = isId("deployer", input.deployer) ? await findDeployer(world, input.deployer) : undefined;
  if (!found || !accepts(found.deployer, claims)) throw refused(input.deployer, claims);
  const ctx = systemContext(world, found.tenant, "identity");
  const app = (await get(ctx, appKey(ctx, found.deployer.app))) as App | undefined;
  if (app?.id !== found.deployer.appId) throw refused(input.deployer, claims);
  await limit(ctx, `deployer#${found.deployer.id}`, { most: 60, seconds: 900 });
  return give(ctx, found.deployer, claims);
}

export function accepts(deployer: StoredDeployer, claims: Claims): boolean {
  return (
    claims.repository === deployer.repository &&
    [undefined, claims.repository_id].includes(deployer.repositoryId) &&
    [undefined, claims.repository_owner_id].includes(deployer.ownerId) &&
    [undefined, claims.ref].includes(deployer.ref) &&
    [undefined, claims.environment].includes(deployer.jobEnvironment) &&
    (deployer.pullRequests === true || !claims.event_name.startsWith("pull_request"))
  );
}

/** Tells the job what it said itself, and nothing of any deployer. */
const refused = (id: string, { repository, repository_id, ref, environment, event_name }: Claims) =>
  new Problem("deployer.refused", {
    detail: `"${id}" does not accept a job of ${repository} (id ${repository_id}) on ${ref}, ${environment ? `environment "${environment}"` : "without an environment"}, by the event ${event_name}.`,
  });

async function give(ctx: Context, deployer: StoredDeployer, claims: Claims): Promise<Token & { secret: string }> {
  const holder = deployerKey(ctx, deployer.id);
  const { token, secret, write } = newToken(ctx, {
    name: `${deployer.provider} ${deployer.repository}`,
    scopes: ["deploy"],
    app: deployer.app,
    expiresAt: new Date(ctx.now().getTime() + MINUTES * 60_000),
    by: deployer.id,
    holder,
  });
  const ids = { ":repository": claims.repository_id, ":owner": claims.repository_owner_id };
  await commit(
    ctx,
    isOpen(ctx),
    update(
      ctx,
      holder,
      {
        change: "SET repositoryId = :repository, ownerId = :owner, lastUsedAt = :now",
        condition:
          "attribute_exists(pk) AND (attribute_not_exists(repositoryId) OR repositoryId = :repository) AND (attribute_not_exists(ownerId) OR ownerId = :owner)",
        values: { ...ids, ":now": ctx.now().toISOString() },
      },
      refused(deployer.id, claims),
    ),
    check(
      ctx,
      appKey(ctx, deployer.app),
      { condition: "id = :app", values: { ":app": deployer.appId } },
      refused(deployer.id, claims),
    ),
    insert(
      ctx,
      globalKey("IDENTITY", sha256(`${ctx.github.url} ${claims.jti}`)),
      { ttl: claims.exp + LEEWAY_SECONDS + 60 },
      new Problem("deployer.token_used"),
    ),
    write,
    audit(ctx, "deployer.exchange", deployer.id, {
      name: deployer.repository,
      detail: `${token.id} for ${deployer.app}: ${claims.ref}${claims.environment ? `, environment ${claims.environment}` : ""}, ${claims.event_name}`,
    }),
  );
  return { ...token, secret };
}
