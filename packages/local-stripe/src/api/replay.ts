import { createHash } from "node:crypto";
import { invalid, Refusal } from "../errors.ts";
import type { FormBag } from "../form.ts";
import type { Replay, World } from "../world.ts";

/** Keys are forgotten after a day of simulated time. */
const replaySeconds = 24 * 60 * 60;

/** What makes two requests the same: method, path and parameters, in whatever order these come. */
export function fingerprint(method: string, path: string, input: FormBag): string {
  return createHash("sha256")
    .update(`${method} ${path}\n${canonical(input)}`)
    .digest("hex");
}

/** What was answered under a key before, if it was to the same request; another request under the key is refused. */
export function replayed(world: World, key: string, print: string): Replay | undefined {
  if (key.length > 255) throw invalid("Idempotency keys must be at most 255 characters.");
  const kept = world.state.replays.get(key);
  if (!kept || kept.at + replaySeconds <= world.state.time) return undefined;
  if (kept.fingerprint === print) return kept;
  throw new Refusal(400, {
    type: "idempotency_error",
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}

function canonical(node: FormBag): string {
  return JSON.stringify(
    Object.entries(node)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, typeof value === "string" ? value : canonical(value)]),
  );
}
