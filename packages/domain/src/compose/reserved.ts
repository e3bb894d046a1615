/** Names that Berth writes in the app's folder on a server: no bundle may contain them. */
export const RESERVED: ReadonlySet<string> = new Set(["compose.yaml", ".env", ".berth-images.yaml"]);

/** The same where a bundle's Compose files are under their own names. */
export const RESERVED_BESIDE: ReadonlySet<string> = new Set([".env", ".berth-images.yaml"]);
