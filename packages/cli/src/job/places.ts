import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { AppStatus, Job } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { addressText } from "../app/view.ts";
import { Refused } from "../refusal.ts";
import type { Session } from "../session.ts";
import type { Paint } from "../terminal/paint.ts";
import { clean } from "../terminal/text.ts";

type Address = AppStatus["environments"][number]["targets"][number]["addresses"][number];

/** Where to look after a job: its page, and the app itself where a deploy made it live. */
export interface Places {
  readonly page: string;
  readonly addresses: readonly (Address & { readonly target: string })[];
}

export async function placesOf(session: Session, api: Client, job: Job): Promise<Places> {
  const page = `${(await session.place()).url}/jobs/${segment(job.id)}`;
  if (!wordsOf(job.kind).releases || job.status !== "succeeded" || job.app === undefined) return { page, addresses: [] };
  try {
    const status = await body(api.v1.apps[":app"].status.$get({ param: { app: segment(job.app) }, query: {} }));
    const environment = status.environments.find(({ name }) => name === job.environment);
    // What was seen before the job says nothing of what it made.
    const seen = (environment?.targets ?? []).filter(({ seenAt }) => seenAt !== null && seenAt >= job.createdAt);
    return { page, addresses: seen.flatMap(({ name, addresses }) => addresses.map((each) => ({ ...each, target: name }))) };
  } catch (error) {
    // The job went well, whatever becomes of this question.
    if (!(error instanceof Refused)) throw error;
    return { page, addresses: [] };
  }
}

export const placeLines = ({ page, addresses }: Places, paint: Paint): string[] => [
  ...addresses.map(
    (address) => `  ${clean(address.service)} on ${clean(address.target)}: ${paint.cyan(clean(addressText(address)))}`,
  ),
  `  ${paint.dim("Job")} ${paint.cyan(page)}`,
];
