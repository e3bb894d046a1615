/** What Berth adds to a release, as the last of its Compose files. */
export const GENERATED = "berth.generated.yaml";

/** Names that Berth writes in the app's folder on a server: no bundle may contain them. */
export const RESERVED: ReadonlySet<string> = new Set(["compose.yaml", ".env", ".berth-images.yaml", GENERATED]);

/** The same where a bundle's Compose files are under their own names. */
export const RESERVED_BESIDE: ReadonlySet<string> = new Set([".env", ".berth-images.yaml", GENERATED]);
