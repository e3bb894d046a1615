import { deployWords } from "../deployment/deploy.words.ts";
import { removeWords } from "../deployment/remove.words.ts";
import { checkWords } from "../target/check.words.ts";
import type { KindWords } from "./kind-words.ts";

/** The kinds of jobs there are, by the names that are the contract, and what people read of each. */
export const jobWords = {
  deploy: deployWords,
  remove: removeWords,
  check: checkWords,
} as const satisfies Record<string, KindWords>;

export type JobKind = keyof typeof jobWords;
export const jobKinds = Object.keys(jobWords) as JobKind[]; // its own keys
