/** Days until the bucket drops an archive: infra/data.ts says so to it. */
export const KEPT_DAYS = 15;
/** Days for which a release that names an archive can rely on it: one with less time left is sent again. */
export const NAMED_DAYS = 8;
