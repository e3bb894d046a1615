import { type App, appKey, getAppIn, PRODUCTION, projectOf } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled } from "../entitlement/account.ts";
import { check, overtaken, remove, tryCommit, ttlIn, update, type Write } from "../table.ts";
import { targetNames } from "../target/target.ts";
import { retryOnConflict } from "../turn.ts";
import { addonKey, type Place, type StoredAddon, storedAddons } from "./addon.ts";
import { volumeOf } from "./fragment.ts";
import { findAddon, type Named } from "./view.ts";

/** Where the data of a removed add-on is; null where no release has had it. */
export interface Removed {
  readonly name: string;
  readonly kept: { readonly volume: string; readonly targets: readonly string[] } | null;
}

/** Later releases do not have it. Its volume stays, and so does the password that opens it. @throws Problem addon.not_found, app.not_found, and what the bill forbids */
export async function removeAddon(ctx: Context, input: Named): Promise<Removed> {
  allow(ctx, "deploy", { app: input.app });
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
    assertPermitted(ctx, account, "grow");
    const place = { app: app.name, environment: environment.name };
    const addon = await findAddon(ctx, place, input.addon);
    const isUsed = environment.releases > addon.since;
    const removed = await tryCommit(
      ctx,
      entitled(ctx, "grow"),
      isUsed ? keep(ctx, place, addon) : remove(ctx, addonKey(ctx, place, addon.name), seen(addon), overtaken),
      check(ctx, appKey(ctx, app.name), { condition: "version = :seen", values: { ":seen": app.version } }, overtaken),
      audit(ctx, "addon.remove", `${place.app}/${place.environment}/${addon.name}`, { detail: isUsed ? "data kept" : "no data" }),
    );
    if (!removed) return false;
    const targets = isUsed ? await targetNames(ctx, environment.placement) : [];
    const volume = `${projectOf(place.app, place.environment)}_${volumeOf(addon)}`;
    return { name: addon.name, kept: isUsed ? { volume, targets: targets.map(({ name }) => name) } : null };
  });
}

const seen = ({ changes }: StoredAddon) => ({ condition: "changes = :seen", values: { ":seen": changes } });

const keep = (ctx: Context, place: Place, addon: StoredAddon, ttl?: number): Write => {
  const values = { ":now": ctx.now().toISOString(), ":next": addon.changes + 1, ":seen": addon.changes };
  return update(
    ctx,
    addonKey(ctx, place, addon.name),
    {
      change: `SET removedAt = :now, changes = :next${ttl === undefined ? "" : ", #ttl = :ttl"}`,
      condition: "changes = :seen",
      values: { ...values, ...(ttl !== undefined && { ":ttl": ttl }) },
    },
    overtaken,
  );
};

/** For a commit that removes the environment. */
export const addonsWithout = ({ addons }: App, environment: string): Pick<App, "addons"> =>
  addons ? { addons: addons.filter((each) => each !== environment) } : {};

/** Passwords of volumes that stay on a server, for an app of the same name. */
const KEEP_SECONDS = 365 * 86_400;

/** What a removed environment leaves of its add-ons: their passwords, where the volumes stay. Without a read where it had none. */
export async function leaveAddons(ctx: Context, app: App, environment: string, volumes: "keep" | "delete"): Promise<Write[]> {
  const place = { app: app.name, environment };
  if (!app.addons?.includes(environment)) return [];
  return (await storedAddons(ctx, place)).map((addon) =>
    volumes === "keep"
      ? keep(ctx, place, addon, ttlIn(ctx, KEEP_SECONDS))
      : remove(ctx, addonKey(ctx, place, addon.name), seen(addon), overtaken),
  );
}
