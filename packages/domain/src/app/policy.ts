/** An account's policy, and that of one of its apps. */
import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import { accountKey, getAccount } from "../entitlement/account.ts";
import { Policy, WholePolicy, wholePolicy } from "../entitlement/policy.ts";
import { Problem } from "../error.ts";
import { commit, update } from "../table.ts";
import { appKey, getApp } from "./app.ts";

export const PolicyView = z.object({
  /** Null for that of the account, which is every app's. */
  app: z.string().nullable(),
  rules: Policy,
  /** What holds: the stricter of the account's rule and the app's. */
  effective: WholePolicy,
});
export type PolicyView = z.infer<typeof PolicyView>;

/** @throws Problem app.not_found */
export async function getPolicy(ctx: Context, input: { app?: string | undefined }): Promise<PolicyView> {
  allow(ctx, "read", input.app === undefined ? ANY_APP : { app: input.app });
  const [account, app] = await Promise.all([getAccount(ctx), input.app === undefined ? undefined : getApp(ctx, input.app)]);
  return { app: app?.name ?? null, rules: (app ?? account).policy ?? {}, effective: wholePolicy(account, app) };
}

/** Replaces the rules. Deployments that are under way keep those they were accepted with. @throws Problem app.not_found */
export async function setPolicy(ctx: Context, input: { app?: string | undefined; rules: Policy }): Promise<PolicyView> {
  const { app, rules } = input;
  allow(ctx, "admin", app === undefined ? undefined : { app });
  if (app !== undefined && !mayUse(ctx, { app })) throw missing(app);
  const values = { ":rules": rules };
  const detail = Object.entries(rules)
    .map((each) => each.join(" "))
    .join(", ");
  await commit(
    ctx,
    app === undefined
      ? update(ctx, accountKey(ctx), { change: "SET policy = :rules", condition: "attribute_exists(pk)", values })
      : update(
          ctx,
          appKey(ctx, app),
          {
            change: "SET policy = :rules, #version = #version + :one",
            condition: "attribute_exists(pk)",
            values: { ...values, ":one": 1 },
          },
          missing(app),
        ),
    audit(ctx, "policy.set", app ?? "account", { detail: detail || "no rules" }),
  );
  return getPolicy(ctx, { app });
}

const missing = (app: string) => new Problem("app.not_found", { detail: `There is no app "${app}".` });
