import type { Registry } from "./registry.ts";

const words: Readonly<Record<string, string>> = {
  "registry.denied": "refused",
  "registry.unavailable": "no answer",
  "registry.untrusted": "not trusted",
};

/** How the last check of a registry's login went. */
export const loginWords = ({ checkedAt, problem }: Pick<Registry, "checkedAt" | "problem">) =>
  problem ? `${words[problem.class] ?? problem.class} on ${problem.target}` : checkedAt ? "works" : "not checked";
