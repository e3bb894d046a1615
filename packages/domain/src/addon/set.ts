import { getAppIn, PRODUCTION } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { isReference } from "../compose/reference.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { assign, overtaken, tryCommit, update } from "../table.ts";
import { retryOnConflict } from "../turn.ts";
import { type Addon, type AddonView, addonKey } from "./addon.ts";
import { kindTitles } from "./kind.ts";
import { findAddon, type Named, viewOf } from "./view.ts";

/** What an app may have otherwise than the catalogue has it. Null takes a choice back. */
export interface Choices {
  readonly services?: readonly string[] | null | undefined;
  readonly image?: string | null | undefined;
  readonly args?: readonly string[] | null | undefined;
  readonly memory?: string | null | undefined;
}

/** Holds from the next release on. @throws Problem addon.not_found, app.not_found, input.invalid, and what the bill forbids */
export async function setAddon(ctx: Context, input: Named & { readonly choices: Choices }): Promise<AddonView> {
  allow(ctx, "deploy", { app: input.app });
  const { choices } = input;
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
    assertPermitted(ctx, account, "grow");
    const place = { app: app.name, environment: environment.name };
    const addon = await findAddon(ctx, place, input.addon);
    if (typeof choices.image === "string") checkImage(addon, choices.image);
    const chosen = Object.entries(choices).filter(([, value]) => value !== undefined);
    if (chosen.length === 0) return viewOf(addon, environment.name);
    const fields = Object.fromEntries(chosen.map(([name, value]) => [name, value ?? undefined]));
    const { change, values } = assign({ ...fields, changes: addon.changes + 1 });
    const done = await tryCommit(
      ctx,
      entitled(ctx, "grow"),
      update(
        ctx,
        addonKey(ctx, place, addon.name),
        { change, condition: "changes = :seen", values: { ...values, ":seen": addon.changes } },
        overtaken,
      ),
      audit(ctx, "addon.set", `${place.app}/${place.environment}/${addon.name}`, { detail: Object.keys(fields).join(", ") }),
    );
    return done && viewOf({ ...addon, ...fields } as Addon, environment.name); // validated by the route
  });
}

/** By its tag, which begins with the version. */
export function isImageOf({ version }: Pick<Addon, "kind" | "version">, image: string): boolean {
  const [, tag = ""] = /:([^/@]+)(?:@.*)?$/.exec(image) ?? [];
  return isReference(image) && new RegExp(`^(?:pg|v)?${version.replaceAll(".", "\\.")}(?![0-9])`).test(tag);
}

/** Another version is an upgrade, which data has to go along with. */
function checkImage({ kind, version }: Addon, image: string): void {
  if (!isImageOf({ kind, version }, image))
    throw new Problem("input.invalid", {
      detail: `"${image.slice(0, 200)}" is no image of ${kindTitles[kind]} ${version}: its tag begins with another version, or there is none.`,
    });
}
