import { body } from "@berth/api-client/client.ts";
import type { Command } from "commander";
import { once } from "../api/once.ts";
import { checkName, findApp, findEnvironment } from "../app/name.ts";
import { type Flags, textOf } from "../command.ts";
import type { Exit } from "../exit.ts";
import { usage } from "../refusal.ts";
import type { Session } from "../session.ts";

export type Kind = "secret" | "variable";
export const kindWords = {
  secret: { one: "Secret", many: "secrets" },
  variable: { one: "Variable", many: "variables" },
} as const;

/** Where a secret or a variable is, as the command line says. */
export interface Place {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly namespace: string | undefined;
}

export const placeOptions = (command: Command): Command =>
  command
    .option("--app <name>", "the app (default: the one of this folder)")
    .option("-e, --environment <name>", "the environment (default: production)");

export const namespaceOption = (command: Command): Command =>
  command.option("-n, --namespace <name>", "the namespace (default: default)");

export function parsePlace(flags: Flags): Place {
  const namespace = textOf(flags, "namespace");
  if (namespace !== undefined) checkName(namespace, "a namespace's name");
  return { app: textOf(flags, "app"), environment: textOf(flags, "environment"), namespace };
}

/** @throws Refused where it is no name, or brings a value along */
export function parseName(kind: Kind, name: string): string {
  if (name.includes("="))
    throw usage(
      "A value is never an argument: others on this machine could read it, and the shell would remember it.",
      `berth ${kind} set ${/^\w+/.exec(name)?.[0] ?? "NAME"}`,
    );
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw usage(`"${name}" cannot be a name: letters, digits and underscores, not beginning with a digit.`);
  return name;
}

export interface Found {
  readonly app: string;
  /** What requests say of it, without what nobody said. */
  readonly where: { readonly environment?: string; readonly namespace?: string };
}

export async function findPlace(session: Session, { app: given, environment: asked, namespace }: Place): Promise<Found> {
  const app = await findApp(session.folder, given);
  const environment = await findEnvironment(session.folder, asked);
  session.names.APP = app;
  return { app, where: { ...(environment !== undefined && { environment }), ...(namespace !== undefined && { namespace }) } };
}

export const deployOption = (command: Command): Command =>
  command.option("--deploy", "deploy what is live with it at once, and wait for the outcome");

/** What is live, with the names as they are now. */
export async function deployNow(session: Session, { app, where: { environment } }: Found): Promise<Exit> {
  const { redeploy } = await import("../deployment/redeploy.ts");
  return redeploy(session, { app, environment, detach: false, verbose: false }, (api, asked) =>
    body(api.v1.apps[":app"].variables.apply.$post(asked, once())),
  );
}

/** What a suggested command repeats. */
export const flagsOf = ({ app, where: { environment, namespace } }: Found): string =>
  `--app ${app}${environment === undefined ? "" : ` --environment ${environment}`}${namespace === undefined ? "" : ` --namespace ${namespace}`}`;
