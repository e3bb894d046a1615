import { deployWords } from "../deployment/deploy.words.ts";
import { removeWords } from "../deployment/remove.words.ts";
import { planWords } from "../plan/plan.words.ts";
import { checkRegistryWords } from "../registry/check.words.ts";
import { bootstrapWords } from "../target/bootstrap.words.ts";
import { checkWords } from "../target/check.words.ts";
import { prepareWords } from "../target/prepare.words.ts";
import type { KindWords } from "./kind-words.ts";

/** Every kind of job: its public name, and what people read of it. engine/kinds.ts has what each does. */
const jobWords = {
  deployment: deployWords,
  "deployment.plan": planWords,
  "app.remove": removeWords,
  "target.check": checkWords,
  "target.bootstrap": bootstrapWords,
  "target.prepare": prepareWords,
  "registry.check": checkRegistryWords,
} as const satisfies Readonly<Record<string, KindWords>>;

export type JobKind = keyof typeof jobWords;
export const jobKinds = Object.keys(jobWords) as readonly JobKind[];

/** Also for kinds newer than this program. */
export const wordsOf = (kind: string): KindWords => (Object.hasOwn(jobWords, kind) ? jobWords[kind as JobKind] : other(kind));

const other = (kind: string): KindWords => ({
  entry: ({ where }) => (where === "" ? kind : `${kind} ${where}`),
  brief: () => kind,
  title: ({ where, targets }) => `${kind} ${where === "" ? targets : where}`,
  subject: () => "The job",
  done: ({ targets }) => `${kind} is done on ${targets}`,
  failed: (_, bad, good) => [`${kind} has failed`, `on ${bad}${good && `; it is done on ${good}`}`],
  canceling: { hint: "what has begun may be completed", text: "What has begun may be completed." },
  plans: false,
  releases: false,
  logs: true,
});
