import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { overtaken, tryCommit, update } from "../table.ts";
import { addWithinLimit } from "../turn.ts";
import { findTarget, listTargets, Target, targetKey } from "./target.ts";

/** Makes a target the account's default, in place of the one before. */
export async function useTarget(ctx: Context, input: { target: string }): Promise<Target> {
  allow(ctx, "admin");
  return addWithinLimit(ctx, "default", async (turn) => {
    const found = await findTarget(ctx, input.target);
    const target: Target = { ...Target.parse(found), default: true };
    if (found.default) return target;
    const before = (await listTargets(ctx)).filter((each) => each.default);
    const written = await tryCommit(
      ctx,
      turn,
      ...before.map(({ id }) =>
        update(ctx, targetKey(ctx, id), { change: "REMOVE #default", condition: "attribute_exists(pk)" }, overtaken),
      ),
      update(
        ctx,
        targetKey(ctx, found.id),
        { change: "SET #default = :yes", condition: "attribute_exists(pk)", values: { ":yes": true } },
        overtaken,
      ),
      audit(ctx, "target.use", found.id, { name: found.name }),
    );
    return written && target;
  });
}
