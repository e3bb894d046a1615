// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const exchange = ["test/api/identity-exchange.test.ts"];
const deployers = ["test/api/deployers.test.ts"];
const issuer = ["test/aws/issuer.test.ts"];

/** Which jobs may deploy without a stored secret. */
export const deploying = [
  ...within(
    "packages/domain/src/deployer/identity.ts",
    exchange,
    ["a token may choose how it is signed", 'algorithms: ["RS256", "ES256"],', ""],
    ["a token for us and others is good", "if (payload.aud !== world.origin) throw", 'if (payload.aud === "") throw'],
    ["a token of any issuer is good", "issuer: url,", ""],
    ["a token that never ends is good", 'requiredClaims: ["exp", "nbf"],', ""],
    ["a token may be of any age", "maxTokenAge: AGE_SECONDS,", ""],
    ["a token's time is our machine's and not the world's", "currentDate: world.now(),", ""],
  ),
  ...within(
    "packages/domain/src/deployer/exchange.ts",
    exchange,
    ["jobs of pull requests deploy", 'deployer.pullRequests === true || !claims.event_name.startsWith("pull_request")', "true"],
    ["any repository's jobs deploy", "claims.repository === deployer.repository &&", ""],
    ["jobs of any branch deploy", "[undefined, claims.ref].includes(deployer.ref) &&", ""],
    ["jobs of any environment deploy", "[undefined, claims.environment].includes(deployer.jobEnvironment) &&", ""],
    ["a token is good for every app", "app: deployer.app,\n    expiresAt", "expiresAt"],
    ["an identity token is good twice", "sha256(`${ctx.github.url} ${claims.jti}`)", "sha256(`${ctx.github.url} ${token.id}`)"],
    ["strangers may ask as often as they like", "{ most: 120, seconds: 600 }", "{ most: 120_000, seconds: 600 }"],
    ["a deployer's jobs may ask as often as they like", "{ most: 60, seconds: 900 }", "{ most: 60_000, seconds: 900 }"],
    ["an account that is being closed lets jobs in", "    isOpen(ctx),\n", ""],
    [
      "of two first jobs of two repositories both deploy",
      "(attribute_not_exists(repositoryId) OR repositoryId = :repository)",
      "(attribute_not_exists(repositoryId) OR repositoryId <> :now)",
    ],
  ),
  ...within("packages/domain/src/token/token.ts", deployers, [
    "what a removed deployer's jobs hold goes on working",
    "else if (token.holder && !(await get(world, token.holder))) return undefined;",
    "",
  ]),
  ...within(
    "packages/aws/src/issuer.ts",
    issuer,
    ["a local issuer is believed anywhere", 'env.STAGE === "local" && env.LOCAL_ISSUER', "env.LOCAL_ISSUER"],
    ["each name of a key that is not there asks the issuer", "|| now() - askedAt < AGAIN_MS", ""],
    ["a redirect is followed", 'redirect: "error"', 'redirect: "follow"'],
    ["an answer may be as long as it likes", "if (size > BYTES_MOST)", "if (size > BYTES_MOST * 8)"],
  ),
];
