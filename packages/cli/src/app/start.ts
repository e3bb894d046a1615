import { randomUUID } from "node:crypto";
import { body, segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { accepted, liveOf } from "../deployment/deploy.ts";
import type { Exit } from "../exit.ts";
import { named } from "../refusal.ts";
import type { Session } from "../session.ts";
import { findApp, findEnvironment } from "./name.ts";

interface Input {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly detach: boolean;
  readonly verbose: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app start shop", "start its containers that are down, after a reboot for example"],
  ["berth app start shop --environment staging", "those of another environment"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app, in place of the argument")
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-d, --detach", "do not wait for the outcome")
    .option("-v, --verbose", "show everything the server says");

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  detach: isSet(flags, "detach"),
  verbose: isSet(flags, "verbose"),
});

/** Deploys the live release again: what is down is started, what runs is left as it is. */
export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  const api = await session.api();
  const param = { app: segment(app) };
  try {
    const live = liveOf(await body(api.v1.apps[":app"].$get({ param })), environment);
    const job = await body(
      api.v1.apps[":app"].start.$post(
        { param, json: environment === undefined ? {} : { environment } },
        { headers: { "idempotency-key": `cli-${randomUUID()}` } },
      ),
    );
    return await accepted(session, api, job, { input, live, remarks: [] });
  } catch (error) {
    throw named(error, { APP: app });
  }
}
