import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Job } from "@berth/api-client/types.ts";
import type { Command } from "commander";
import { findApp, findEnvironment } from "../app/name.ts";
import { type Flags, isSet, textOf } from "../command.ts";
import type { Exit } from "../exit.ts";
import { note, type Session } from "../session.ts";
import { accepted, liveOf } from "./accepted.ts";

/** What is asked of a deployment of a release that is there already. */
export interface Redeploy {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly detach: boolean;
  readonly verbose: boolean;
}

export const redeployOptions = (command: Command): Command =>
  command
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-d, --detach", "do not wait for the outcome")
    .option("-v, --verbose", "show everything the server says");

export const parseRedeploy = (flags: Flags): Redeploy => ({
  app: textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  detach: isSet(flags, "detach"),
  verbose: isSet(flags, "verbose"),
});

interface Asked {
  readonly param: { readonly app: string };
  readonly json: { readonly environment?: string };
}

/** Asks for the deployment, and follows it. */
export async function redeploy(
  session: Session,
  input: Redeploy,
  ask: (api: Client, asked: Asked) => Promise<Job>,
): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  session.names.APP = app;
  const api = await session.api();
  const param = { app: segment(app) };
  const before = await body(api.v1.apps[":app"].$get({ param }));
  const job = await ask(api, { param, json: environment === undefined ? {} : { environment } });
  const back = job.rollback ? job.input?.unset : undefined;
  const remarks =
    back === undefined ? [] : [`Brings back what was unset: ${back}. What leaked is to be revoked where it came from.`];
  note(session, ...remarks.map((line) => `${session.terminal.errPaint.dim("·")} ${line}`));
  return accepted(session, api, job, { input, live: liveOf(before, job.environment), remarks });
}
