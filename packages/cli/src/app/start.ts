import { body } from "@berth/api-client/client.ts";
import { once } from "../api/once.ts";
import type { Flags, Verb } from "../command.ts";
import { parseRedeploy, type Redeploy, redeploy, redeployOptions } from "../deployment/redeploy.ts";
import type { Exit } from "../exit.ts";
import type { Session } from "../session.ts";

export const examples: Verb<Redeploy>["examples"] = [
  ["berth app start shop", "start its containers that are down, after a reboot for example"],
  ["berth app start shop --environment staging", "those of another environment"],
];

export const options: NonNullable<Verb<Redeploy>["options"]> = (command) =>
  redeployOptions(command.option("--app <name>", "the app, in place of the argument"));

export const parse = ([app]: readonly string[], flags: Flags): Redeploy => {
  const input = parseRedeploy(flags);
  return { ...input, app: app ?? input.app };
};

/** Deploys the live release again: what is down is started, what runs is left as it is. */
export const run = (session: Session, input: Redeploy): Promise<Exit> =>
  redeploy(session, input, (api, asked) => body(api.v1.apps[":app"].start.$post(asked, once())));
