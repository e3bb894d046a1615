import type { DeploymentPlan, TargetPlan } from "@berth/api-client/types.ts";
import {
  accessWords,
  builtOf,
  changesFirst,
  diskWords,
  isIdle,
  operationWords,
  otherChanges,
  serviceWords,
} from "@berth/domain/plan/plan-words.ts";
import type { ComponentChildren } from "preact";
import { Status } from "../ui/status.tsx";

interface Props {
  readonly name: string;
  readonly plan: TargetPlan | string;
  /** What held for each danger; without it each is one that was let through and is told. */
  readonly policy?: DeploymentPlan["policy"] | undefined;
}

/** What a release changes on each target; targets on which it is the same are one. */
export function PlannedTargets({
  planned,
  policy,
}: {
  planned: readonly Pick<Props, "name" | "plan">[];
  policy?: Props["policy"];
}) {
  const alike = Map.groupBy(planned, ({ plan }) => JSON.stringify(plan));
  return (
    <ul class="planned-targets">
      {[...alike].map(
        ([key, [first, ...others]]) =>
          first && (
            <PlannedTarget
              key={key}
              name={[first, ...others].map(({ name }) => name).join(", ")}
              plan={first.plan}
              policy={policy}
            />
          ),
      )}
    </ul>
  );
}

/** The changes first, and what to beware of. A plan too large to be kept is a sentence. */
function PlannedTarget({ name, plan, policy }: Props) {
  if (typeof plan === "string")
    return (
      <li class="card card-column">
        <h3 class="break">{name}</h3>
        <p class="break">{plan}</p>
      </li>
    );
  const built = builtOf(plan);
  const { images, others } = otherChanges(plan);
  const services = changesFirst(plan.services);
  const kept = services.filter(({ change }) => change === "keep").map(({ service }) => service);
  const dangers = plan.dangers.filter(({ setting }) => policy?.[setting] !== "allow");
  const disk = diskWords(plan);
  return (
    <li class="card card-column" aria-label={`Plan for ${name}`}>
      <div class="card-head">
        <h3 class="break">{name}</h3>
        {isIdle(plan) && plan.operations.length === 0 && <Status tone="off">Nothing to change</Status>}
      </div>
      {plan.risks.map(({ service, message }) => (
        <p key={service + message} class="note bad">
          <strong>Data at risk, {service}</strong> {message}
        </p>
      ))}
      <ul class="planned">
        {services
          .filter(({ change }) => change !== "keep")
          .map((each) => (
            <Line key={each.service} kind={each.change} mark={marks[each.change]}>
              <strong>{each.service}</strong> {serviceWords(each, built.has(each.service))}
            </Line>
          ))}
        {images.map((text) => (
          <Line key={text} mark="↓">
            {text}
          </Line>
        ))}
        {others.map((text) => (
          <Line key={text} mark="·">
            {text}
          </Line>
        ))}
        {kept.length > 0 && (
          <Line mark="=">
            {kept.join(", ")} {kept.length > 1 ? "stay as they are" : "stays as it is"}
          </Line>
        )}
      </ul>
      {dangers.map((danger) => {
        const rule = policy?.[danger.setting] ?? "warn";
        const text = accessWords(danger, rule);
        return (
          <p key={text} class={rule === "warn" ? "note" : "note bad"}>
            {text}
          </p>
        );
      })}
      {disk && <p class="note bad">{disk}</p>}
      {plan.operations.length > 0 && (
        <details class="fold">
          <summary>{plan.operations.length} operations, in their order</summary>
          <ol class="planned-operations">
            {plan.operations.map((operation, i) => (
              <li key={`${i} ${operation.operation}`} class="break">
                {operationWords(operation)}
              </li>
            ))}
          </ol>
        </details>
      )}
    </li>
  );
}

const marks = { create: "+", replace: "~", scale: "~", restart: "~", start: "~", remove: "−", keep: "=" } as const;

const Line = ({ mark, kind = "", children }: { mark: string; kind?: string; children: ComponentChildren }) => (
  <li class={`planned-line ${kind}`}>
    <span class="mono" aria-hidden="true">
      {mark}
    </span>
    <span class="break">{children}</span>
  </li>
);
