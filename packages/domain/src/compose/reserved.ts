/** Files of the app's folder on a server that Berth writes itself: no file of a bundle has their names. */
export const RESERVED: ReadonlySet<string> = new Set(["compose.yaml", ".env"]);
