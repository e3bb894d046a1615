import { body } from "@berth/api-client/client.ts";
import type { Access } from "@berth/domain/entitlement/access.ts";
import { once } from "../api/once.ts";
import { allowed } from "../app/accesses.ts";
import { collect, type Flags, isSet, toCount, type Verb } from "../command.ts";
import type { Exit } from "../exit.ts";
import type { Session } from "../session.ts";
import { parseRedeploy, type Redeploy, redeploy, redeployOptions } from "./redeploy.ts";

interface Input extends Redeploy {
  readonly release: number | undefined;
  readonly acceptDataRisk: boolean;
  readonly allow: readonly Access[];
}

export const examples: Verb<Input>["examples"] = [
  ["berth rollback", "to the healthy release before the live one"],
  ["berth rollback 3 --app shop", "to release 3 of an app by name"],
  ["berth releases", "which releases can be rolled back to"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  redeployOptions(
    command
      .option("--app <name>", "the app (default: that of this folder)")
      .option("--accept-data-risk", "go on where the plan says that data is at risk")
      .option("--allow <access>", "access that the policy asks about, like host-path; may be repeated", collect),
  );

export const parse = ([release]: readonly string[], flags: Flags): Input => ({
  release: release === undefined ? undefined : toCount(release.replace(/^[v#]/, ""), "The release", 1, 999_999),
  acceptDataRisk: isSet(flags, "acceptDataRisk"),
  allow: allowed(flags),
  ...parseRedeploy(flags),
});

export const run = (session: Session, { release, acceptDataRisk, allow, ...input }: Input): Promise<Exit> =>
  redeploy(session, input, (api, { param, json }) => {
    const asked = {
      ...json,
      ...(release !== undefined && { release }),
      ...(acceptDataRisk && { acceptDataRisk }),
      ...(allow.length > 0 && { allow: [...allow] }),
    };
    return body(api.v1.apps[":app"].rollback.$post({ param, json: asked }, once()));
  });
