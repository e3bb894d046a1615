import * as z from "zod";
import type { App } from "../app/app.ts";
import { Who } from "../audit/who.ts";
import type { Context } from "../context.ts";
import { listAll } from "../query.ts";
import { key } from "../table.ts";
import { kindNames } from "./kind.ts";

/**
 * A database, cache or queue beside an app, in one of its environments: a service that Berth adds to each of its releases, with a volume and a
 * password of its own. Its row stays when it is removed, as its volume does, so that adding it again finds the data and the password that
 * opens it. A row is named by the app's name, not its id: so is the volume. The row of the app lists the environments that ever had any.
 */
export const Addon = z.object({
  name: z.string(),
  kind: z.enum(kindNames),
  version: z.string().describe("A major version of its maker"),
  volume: z.string().optional().describe("Where its data is, once an upgrade has moved it"),
  services: z.array(z.string()).optional().describe("The services that get its variables; absent for each that reaches it"),
  image: z.string().optional().describe("Instead of its maker's image of that version"),
  args: z.array(z.string()).optional().describe("Added to the command line of its server"),
  memory: z.string().optional().describe("The most memory it may have, such as 512m"),
  by: Who,
  addedAt: z.iso.datetime(),
});
export type Addon = z.infer<typeof Addon>;

/** What a release has of an add-on. */
export const Chosen = Addon.omit({ by: true, addedAt: true });
export type Chosen = z.infer<typeof Chosen>;

/** The volume that an upgrade left, with the data as it was then. */
export const Aside = z.object({
  volume: z.string(),
  version: z.string().describe("Of the server that reads it"),
  until: z.iso.datetime().describe("The first deployment after that removes it"),
});
export type Aside = z.infer<typeof Aside>;

const Sealed = z.object({ key: z.string(), iv: z.string(), tag: z.string(), data: z.string() });
export const StoredAddon = Addon.extend({
  sealed: Sealed,
  removedAt: z.iso.datetime().optional(),
  aside: z.array(Aside).optional(),
  /** The last release of the environment when it was added: where that is still the last one, no release has had it. -1 where its data was there before. */
  since: z.number().int(),
  /** How often it was changed. */
  changes: z.number().int(),
});
export type StoredAddon = z.infer<typeof StoredAddon>;

/** With what an app finds it by. */
export const AddonView = Addon.extend({
  environment: z.string(),
  volume: z.string().describe("The volume of the Compose file that has its data"),
  aside: z.array(Aside).optional().describe("What upgrades have left of it"),
  variables: z
    .record(z.string(), z.string())
    .describe("What services get, with the name of the variable in place of the password"),
});
export type AddonView = z.infer<typeof AddonView>;

export interface Place {
  readonly app: string;
  readonly environment: string;
}

const prefix = ({ app, environment }: Place) => `ADDON#${app}#${environment}#`;
export const addonKey = (ctx: Pick<Context, "tenant">, place: Place, name: string) => key(ctx, `${prefix(place)}${name}`);

/** The encryption context of a password. */
export const sealContext = (tenant: string, { app, environment }: Place, addon: string) => ({
  tenant,
  app,
  environment,
  addon,
  what: "addon-password",
});

/** Also those that are removed. By name. */
export const storedAddons = async (ctx: Context, place: Place): Promise<StoredAddon[]> =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: prefix(place), consistent: true })).map((row) => StoredAddon.parse(row));

/** Without a read where the app has none. */
export const addonsOf = async (ctx: Context, app: Pick<App, "name" | "addons">, environment: string): Promise<StoredAddon[]> =>
  app.addons?.includes(environment)
    ? (await storedAddons(ctx, { app: app.name, environment })).filter(({ removedAt }) => removedAt === undefined)
    : [];
