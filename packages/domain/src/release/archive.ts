import { KILOBYTE, MEGABYTE } from "../bytes.ts";

/** A gzipped tar of files that services are built from or mount, named by the SHA-256 of its bytes. */
export interface Archive {
  readonly hash: string;
  readonly bytes: number;
}

/** Of all archives of a release, which may be one: a single large file takes all the room there is. */
export const BUILT_FROM_BYTES = 200 * MEGABYTE;
export const ARCHIVES_MOST = 400;

export const LARGE_FILES_MOST = 2000;
/** Of all large files of a release, before they are compressed. */
export const LARGE_FILES_BYTES = 1024 * MEGABYTE;

/** Of a bundle, compressed. */
export const BUNDLE_BYTES = 256 * KILOBYTE;
