/** Names that Berth writes in the app's folder on a server: no bundle may contain them. */
export const RESERVED: ReadonlySet<string> = new Set(["compose.yaml", ".env", ".berth-images.yaml"]);
