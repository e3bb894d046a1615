import type { Event, Rollout } from "@berth/api-client/types.ts";
import { Section } from "../ui/page.tsx";
import { PlannedTargets } from "./planned-targets.tsx";

/** What each target's run was planned to do when it began; of one that was tried again, the last time. */
export function PlanOfRun({ rollouts, events }: { rollouts: readonly Rollout[]; events: readonly Event[] }) {
  const planned = rollouts.flatMap(({ target, name }) => {
    const event = events.findLast((each) => each.target === target && each.type === "plan");
    return event ? [{ name, plan: event.plan ?? event.text ?? "" }] : [];
  });
  if (planned.length === 0) return null;
  return (
    <Section title="Plan">
      <PlannedTargets planned={planned} />
    </Section>
  );
}
