import { projectOf } from "../app/app.ts";
import { Problem } from "../error.ts";
import type { Bundle, KeptRelease } from "../release/release.ts";

/** With the add-ons of the release, where it has others than its bundle; or what of the project is in their way. */
export async function wholeOf(
  job: { readonly app: string; readonly environment: string },
  { release, bundle, isChanged }: KeptRelease,
): Promise<{ bundle: Bundle; conflict?: string }> {
  if (!isChanged) return { bundle };
  const { withAddons } = await import("../release/read-bundle.ts");
  try {
    return { bundle: withAddons(bundle, release, projectOf(job.app, job.environment)) };
  } catch (error) {
    if (error instanceof Problem && error.code === "compose.conflict") return { bundle, conflict: error.detail ?? error.message };
    throw error;
  }
}
