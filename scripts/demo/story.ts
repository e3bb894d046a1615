import { builds, privateImage } from "./builds.ts";
import { addServer, paid, signUp, unpaid } from "./customer.ts";
import { badRelease, firstRelease, goBack, killedWorker, plannedRelease } from "./releases.ts";
import type { Stage } from "./stage.ts";

/** The whole story. @throws at the first step that does not hold */
export async function tell(stage: Stage): Promise<void> {
  const { telling } = stage;
  telling.chapter("A customer signs up and pays");
  const customer = await signUp(stage);
  telling.chapter(`Adds ${stage.places.length === 1 ? "a server" : `${stage.places.length} servers`}, confirming each host key`);
  for (const place of stage.places) await addServer(stage, place);
  telling.chapter("Deploys an app of two services, with a volume");
  await firstRelease(stage);
  telling.chapter("Knows what the next one would do before it is done");
  await plannedRelease(stage);
  telling.chapter("A release that does not become healthy");
  await badRelease(stage);
  telling.chapter("Goes back to an earlier release");
  await goBack(stage);
  telling.chapter("Builds an app where it runs");
  await builds(stage);
  if (stage.registry) telling.chapter("Pulls from a private registry");
  await privateImage(stage);
  telling.chapter("A worker dies in the middle of a deploy");
  await killedWorker(stage);
  telling.chapter("The card starts failing, and time goes on");
  await unpaid(stage, customer);
  telling.chapter("The bill is paid");
  await paid(stage, customer);
}
