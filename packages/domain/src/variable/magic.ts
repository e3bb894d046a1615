import type { Bundle } from "../release/release.ts";
import { sourcesOf } from "../release/release.ts";

/** Variables of Compose that Berth gives each release. */
export const magicNames = ["BERTH_APP", "BERTH_ENVIRONMENT", "BERTH_RELEASE", "BERTH_TARGET"] as const;
type MagicName = (typeof magicNames)[number];

interface Of {
  readonly app: string;
  readonly environment: string;
  readonly release: number;
  /** The server's name. */
  readonly target: string;
}

/** Those that a Compose file names: whoever takes all of `.env` into a container would else have a new container for each release. */
export function magicOf(bundle: Bundle, { app, environment, release, target }: Of): Partial<Record<MagicName, string>> {
  const values: Record<MagicName, string> = {
    BERTH_APP: app,
    BERTH_ENVIRONMENT: environment,
    BERTH_RELEASE: String(release),
    BERTH_TARGET: target,
  };
  const sources = sourcesOf(bundle);
  const text = [...sources.files, ...bundle.files.map(({ path }) => path).filter((path) => /\.ya?ml$/.test(path))]
    .map((path) => sources.text(path) ?? "")
    .join("\n");
  return Object.fromEntries(magicNames.filter((name) => text.includes(name)).map((name) => [name, values[name]]));
}
