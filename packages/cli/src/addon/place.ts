import { body, segment } from "@berth/api-client/client.ts";
import type { Command } from "commander";
import { once } from "../api/once.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { type Flags, textOf } from "../command.ts";
import type { Exit } from "../exit.ts";
import type { Session } from "../session.ts";

/** Of which app and environment. */
export interface Place {
  readonly app: string | undefined;
  readonly environment: string | undefined;
}

export const placeOptions = (command: Command): Command =>
  command
    .option("--app <name>", "the app (default: that of this folder)")
    .option("-e, --environment <name>", "the environment (default: production)");

export const placeOf = (flags: Flags): Place => ({ app: textOf(flags, "app"), environment: textOf(flags, "environment") });

export async function findPlace(session: Session, { app: named, environment: asked }: Place) {
  const app = await findApp(session.folder, named);
  const environment = await findEnvironment(session.folder, asked);
  session.names.APP = app;
  return { app, param: { app: segment(app) }, query: environment === undefined ? {} : { environment } };
}

export const deployOption = (command: Command): Command =>
  command.option("--deploy", "deploy what is live with it at once, and wait for the outcome");

/** What is live, with the add-ons as they are now. `isAgreed`: that nothing uses a volume any more. */
export async function deployNow(session: Session, place: Place, isAgreed = false): Promise<Exit> {
  const { redeploy } = await import("../deployment/redeploy.ts");
  const more = { addons: true, ...(isAgreed && { acceptDataRisk: true }) };
  return redeploy(session, { ...place, detach: false, verbose: false }, (api, { param, json }) =>
    body(api.v1.apps[":app"].variables.apply.$post({ param, json: { ...json, ...more } }, once())),
  );
}
