import { createLocalJWKSet, errors, type JWTHeaderParameters, jwtVerify } from "jose";
import * as z from "zod";
import type { World } from "../context.ts";
import { Problem } from "../error.ts";

/** What GitHub says of a job in its identity token, as far as a deployer asks. */
const Claims = z.object({
  jti: z.string().min(1).max(200),
  exp: z.number().int(),
  repository: z.string().max(200),
  repository_id: z.string().regex(/^\d{1,20}$/),
  repository_owner_id: z.string().regex(/^\d{1,20}$/),
  ref: z.string().max(300),
  event_name: z.string().max(100),
  environment: z.string().max(300).optional(),
});
export type Claims = z.infer<typeof Claims>;

export const LEEWAY_SECONDS = 30;
const AGE_SECONDS = 3600;

const invalid = (detail: string, cause?: unknown) => new Problem("deployer.token_invalid", { detail, cause });

/** Signed by the issuer for us, and within its time. @throws Problem deployer.token_invalid, deployer.unavailable */
export async function verify(world: World, token: string): Promise<Claims> {
  const { url, keys } = world.github;
  const keyOf = async (header: JWTHeaderParameters) => {
    if (typeof header.kid !== "string" || header.kid.length > 200) throw invalid("It does not name its key.");
    const found = await keys(header.kid).catch((cause: unknown) => {
      throw new Problem("deployer.unavailable", { cause });
    });
    return createLocalJWKSet({ keys: found.filter(({ kid }) => kid === header.kid) })(header);
  };
  try {
    const { payload } = await jwtVerify(token, keyOf, {
      issuer: url,
      audience: world.origin,
      algorithms: ["RS256", "ES256"],
      currentDate: world.now(),
      clockTolerance: LEEWAY_SECONDS,
      maxTokenAge: AGE_SECONDS,
      requiredClaims: ["exp", "nbf"],
    });
    // Of several audiences another could use it too.
    if (payload.aud !== world.origin) throw invalid(audience(world));
    const claims = Claims.safeParse(payload);
    if (!claims.success)
      throw invalid(
        `It does not say what a job's token does: ${claims.error.issues.map(({ path }) => path.join(".")).join(", ")}.`,
      );
    return claims.data;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw invalid(reasonOf(world, error), error);
    throw error;
  }
}

const audience = ({ origin }: World) => `It is not for Berth: its audience must be ${origin}, alone.`;

function reasonOf(world: World, error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "It has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return audience(world);
    if (error.claim === "iss") return `It was not issued by ${world.github.url}.`;
    if (error.reason === "check_failed" && (error.claim === "nbf" || error.claim === "iat")) return "It is not valid yet.";
    return `Its claim "${error.claim}" is missing or wrong.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "It is signed with an algorithm that is not accepted.";
  if (error instanceof errors.JWKSNoMatchingKey) return "It is signed with a key that the issuer does not publish.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "Its signature is not the issuer's.";
  return "It is no signed JSON web token.";
}
