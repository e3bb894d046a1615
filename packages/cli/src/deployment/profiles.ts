import { body, segment } from "@berth/api-client/client.ts";
import type { Composed } from "@berth/domain/compose/compose.ts";
import { isProfile } from "@berth/domain/compose/file.ts";
import { type Flags, listOf } from "../command.ts";
import type { Project } from "../compose/project.ts";
import { PROFILES, readOwn } from "../compose/variables.ts";
import { isProblem, usage } from "../refusal.ts";
import type { Session } from "../session.ts";

/** The profiles that a deployment has, where they are not those of COMPOSE_PROFILES. */
export interface Chosen {
  readonly names: readonly string[];
  /** By flags, and not by the deployment before. */
  readonly given: boolean;
}

/** What flags say; undefined where they say nothing. */
export function parseProfiles(flags: Flags): readonly string[] | undefined {
  if (flags.profile === false) return [];
  const names = listOf(flags, "profile");
  const odd = names.find((name) => !isProfile(name));
  if (odd !== undefined) throw usage(`--profile: "${odd}" cannot be the name of a profile.`);
  return names.length > 0 ? names : undefined;
}

interface Where {
  readonly app: string;
  readonly environment: string | undefined;
}

/** Those of the flags; else nothing, where COMPOSE_PROFILES says it; else those of the environment's last deployment. */
export async function chooseProfiles(
  session: Session,
  project: Project,
  given: readonly string[] | undefined,
  { app, environment = "production" }: Where,
): Promise<Chosen | undefined> {
  if (given) return { names: given, given: true };
  if (!project.files.some(({ text }) => /profiles|include|extends/.test(text))) return undefined;
  if (session.env[PROFILES] !== undefined || (await readOwn(project.folder, session.env)).values.has(PROFILES)) return undefined;
  const api = await session.api();
  const found = await body(api.v1.apps[":app"].$get({ param: { app: segment(app) } })).catch((error: unknown) => {
    if (isProblem(error, "app.not_found")) return undefined;
    throw error;
  });
  const names = found?.environments.find(({ name }) => name === environment)?.profiles;
  return names && { names, given: false };
}

/** @throws Refused for a profile that a flag names and no service has */
export function profileNotes(chosen: Chosen | undefined, { file }: Composed): string[] {
  if (!chosen) return [];
  const known = new Set([...file.services.values()].flatMap(({ profiles }) => profiles.map(String)));
  const missing = chosen.names.filter((name) => name !== "*" && !known.has(name));
  if (chosen.given && missing[0] !== undefined && !file.partial)
    throw usage(
      `--profile: no service has the profile "${missing[0]}". ${known.size === 0 ? "No service has any." : `There are ${[...known].join(", ")}.`}`,
    );
  if (known.size === 0) return [];
  const names = chosen.names.filter((name) => !missing.includes(name));
  const what = names.length === 0 ? "No profiles" : `Profiles: ${names.join(", ")}`;
  return [chosen.given ? what : `${what}, as the deployment before; --profile and --no-profile choose others`];
}
