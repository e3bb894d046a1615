/** Public names, kept apart from their words, which the API does not need. */
export const jobKinds = ["deployment", "app.remove", "target.check"] as const;
export type JobKind = (typeof jobKinds)[number];
