import { body, segment } from "@berth/api-client/client.ts";
import { once } from "../api/once.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { redeploy } from "../deployment/redeploy.ts";
import type { Exit } from "../exit.ts";
import { note, type Session } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { findPlace, type Place, placeOf, placeOptions } from "./place.ts";

interface Input extends Place {
  readonly name: string;
  readonly version: string | undefined;
  readonly image: string | undefined;
  readonly yes: boolean;
  readonly detach: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth addon upgrade postgres --version 18", "asks first: what uses it stops while its data is taken over"],
  ["berth addon upgrade postgres", "the newest image of the version that it has"],
  ["berth addon upgrade postgres --version 18 --image pgvector/pgvector:pg18", "where it has an image of its own"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  placeOptions(command)
    .option("--version <version>", "a newer major version (default: the one that it has)")
    .option("--image <image>", "an image of that version, where it is not its maker's")
    .option("-y, --yes", "do not ask")
    .option("-d, --detach", "do not wait for the outcome");

export const parse = ([name = ""]: readonly string[], flags: Flags): Input => ({
  ...placeOf(flags),
  name,
  version: textOf(flags, "version"),
  image: textOf(flags, "image"),
  yes: isSet(flags, "yes"),
  detach: isSet(flags, "detach"),
});

export async function run(session: Session, { name, version, image, yes, detach, ...place }: Input): Promise<Exit> {
  const { app, param, query } = await findPlace(session, place);
  const api = await session.api();
  const of = { ...param, addon: segment(name) };
  const now = await body(api.v1.apps[":app"].addons[":addon"].$get({ param: of, query }));
  const isMoved = version !== undefined && version !== now.version;
  const pause = isMoved
    ? `Every service that reaches ${name} stops while its data is taken over into a new volume: for an hour at most, or ${name} ${now.version} serves on.`
    : `${name} restarts with the newest image of version ${now.version}.`;
  const next = ["berth addon upgrade", name, ...(version === undefined ? [] : ["--version", version]), "--yes"].join(" ");
  if (!yes) {
    if (session.terminal.interactive) note(session, pause);
    await agree(session, { detail: pause, next, question: `Upgrade ${name} of ${app}?` });
  }
  const asked = { ...(version !== undefined && { version }), ...(image !== undefined && { image }) };
  return redeploy(session, { ...place, app, detach, verbose: false }, (client, { json }) =>
    body(client.v1.apps[":app"].addons[":addon"].upgrade.$post({ param: of, json: { ...json, ...asked } }, once())),
  );
}
