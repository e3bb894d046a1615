import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { overtaken, tryCommit, update } from "../table.ts";
import { retryOnConflict } from "../turn.ts";
import { findTarget, Target, targetKey } from "./target.ts";

export const LABELS_MOST = 10;

/** Adds labels to a target and removes others; twice comes to the same. @throws Problem target.labels_full */
export async function labelTarget(
  ctx: Context,
  input: { target: string; add: readonly string[]; remove: readonly string[] },
): Promise<Target> {
  allow(ctx, "admin");
  return retryOnConflict(ctx, async () => {
    const found = await findTarget(ctx, input.target);
    const before = found.labels ?? [];
    const labels = [...new Set([...before, ...input.add])].filter((label) => !input.remove.includes(label)).sort();
    if (labels.length > LABELS_MOST) throw new Problem("target.labels_full", { detail: `${LABELS_MOST} is the most.` });
    const target: Target = { ...Target.parse(found), labels };
    if (labels.join(" ") === before.join(" ")) return target;
    const change = {
      change: "SET #labels = :labels",
      condition: found.labels ? "#labels = :seen" : "attribute_exists(pk) AND attribute_not_exists(#labels)",
      values: { ":labels": labels, ...(found.labels && { ":seen": found.labels }) },
    };
    const written = await tryCommit(
      ctx,
      update(ctx, targetKey(ctx, found.id), change, overtaken),
      audit(ctx, "target.label", found.id, { name: found.name, detail: labels.join(", ") || "none" }),
    );
    return written && target;
  });
}
