import { randomUUID } from "node:crypto";
import { body, segment } from "@berth/api-client/client.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { type Flags, isSet, textOf, toCount, type Verb } from "../command.ts";
import type { Exit } from "../exit.ts";
import { named } from "../refusal.ts";
import type { Session } from "../session.ts";
import { accepted, liveOf } from "./deploy.ts";

interface Input {
  readonly release: number | undefined;
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly detach: boolean;
  readonly verbose: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth rollback", "to the healthy release before the live one"],
  ["berth rollback 3 --app shop", "to release 3 of an app by name"],
  ["berth releases", "which releases can be rolled back to"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app (default: that of this folder)")
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-d, --detach", "do not wait for the outcome")
    .option("-v, --verbose", "show everything the server says");

export const parse = ([release]: readonly string[], flags: Flags): Input => ({
  release: release === undefined ? undefined : toCount(release.replace(/^[v#]/, ""), "The release", 1, 999_999),
  app: textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  detach: isSet(flags, "detach"),
  verbose: isSet(flags, "verbose"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  const api = await session.api();
  try {
    const before = await body(api.v1.apps[":app"].$get({ param: { app: segment(app) } }));
    const job = await body(
      api.v1.apps[":app"].rollback.$post(
        {
          param: { app: segment(app) },
          json: {
            ...(environment !== undefined && { environment }),
            ...(input.release !== undefined && { release: input.release }),
          },
        },
        { headers: { "idempotency-key": `cli-${randomUUID()}` } },
      ),
    );
    return await accepted(session, api, job, { input, live: liveOf(before, job.environment), remarks: [] });
  } catch (error) {
    throw named(error, { APP: app });
  }
}
