import { body } from "@berth/api-client/client.ts";
import { usage } from "../refusal.ts";
import type { Session } from "../session.ts";

const prefix = "label=";

/** Names of servers; `label=eu` stands for all that have that label. @throws Refused where none has it */
export async function namedTargets(session: Session, asked: readonly string[]): Promise<string[]> {
  if (!asked.some((each) => each.startsWith(prefix))) return [...asked];
  const { items } = await body((await session.api()).v1.targets.$get());
  const names = asked.flatMap((each) => {
    if (!each.startsWith(prefix)) return [each];
    const label = each.slice(prefix.length);
    const found = items.filter(({ labels = [] }) => labels.includes(label)).map(({ name }) => name);
    if (found.length === 0)
      throw usage(`No server has the label "${label}".`, "berth target list", `berth target label NAME ${label}`);
    return found;
  });
  return [...new Set(names)];
}
