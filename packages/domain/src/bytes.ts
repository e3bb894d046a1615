export const KILOBYTE = 1024;
export const MEGABYTE = KILOBYTE * KILOBYTE;

/** `12 KB`; from a megabyte on `41.3 MB`. */
export const bytesText = (bytes: number): string =>
  bytes < MEGABYTE ? `${Math.ceil(bytes / KILOBYTE)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
