import { segment } from "@berth/api-client/client.ts";
import type { Command } from "commander";
import { findApp, findEnvironment } from "../app/name.ts";
import { type Flags, textOf } from "../command.ts";
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
