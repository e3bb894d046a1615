import { type Action, permits } from "@berth/domain/entitlement/permission.ts";
import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useMe } from "../me.ts";
import { plansQuery } from "../queries.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Scroll } from "../ui/scroll.tsx";
import { PlanCard } from "./plan-card.tsx";

const states = [
  ["none", "No plan"],
  ["active", "Active"],
  ["grace", "Grace"],
  ["restricted", "Unpaid"],
] as const;
/** What a bill stops and what it never stops. */
const rows: readonly (readonly [string, Action])[] = [
  ["Apps that run", "always"],
  ["Lists, status, logs", "read"],
  ["Roll back to an earlier release", "rollback"],
  ["Deploy, add apps and targets", "grow"],
];

const questions: readonly (readonly [string, ComponentChildren])[] = [
  [
    "What is an app slot?",
    "One place for one running app. However many containers or environments the app has, it takes one slot; an app that runs nowhere takes none.",
  ],
  [
    "What has to be on my server?",
    "Docker with the Compose plugin, and SSH. Nothing of Berth is installed there, and what we write are plain Compose folders that keep working without us.",
  ],
  [
    "What happens when a deploy fails?",
    "Images are pulled and disk is checked before anything stops. A release that does not become healthy is taken out and the one before serves again, with its data. The command exits non-zero and says why.",
  ],
  [
    "What happens when a payment fails?",
    "Seven days of grace: deploys pause, everything that runs goes on, and you can roll back. After that, changes are off until the bill is paid. No unpaid bill stops a running app.",
  ],
  ["Are there charges for traffic, builds or seats?", "No. The price is flat; nothing is metered."],
  [
    "Can I change or cancel the plan?",
    "Any time. A larger plan starts at once, a smaller one at the end of the paid month. After cancelling, your apps stay on your servers.",
  ],
];

export function Pricing() {
  const plans = useQuery(plansQuery);
  const me = useMe(false).data;
  return (
    <Page
      title="Pricing"
      lead="Flat, monthly, nothing metered. Your apps run on your own servers; Berth gets them there and proves that they are up."
    >
      <Loaded query={plans} lines={4}>
        {({ items }) => (
          <ul class="plans">
            {items.map((plan) => (
              <PlanCard key={plan.name} plan={plan} />
            ))}
          </ul>
        )}
      </Loaded>
      <div>
        <ButtonLink href={me ? "/plans" : "/login?next=/plans"} kind="main">
          {me ? "Choose a plan" : "Sign up"}
        </ButtonLink>
      </div>
      <Section title="What a bill can stop">
        <Scroll class="table-wrap" label="What works in which state of billing">
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                {states.map(([state, called]) => (
                  <th key={state} scope="col">
                    {called}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([what, action]) => (
                <tr key={what}>
                  <th scope="row">{what}</th>
                  {states.map(([state]) => {
                    const may = permits(action, state) ? "yes" : "no";
                    return (
                      <td key={state} class={may}>
                        {may}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Section>
      <Section title="Questions">
        <dl class="faq">
          {questions.map(([question, answer]) => (
            <div key={question}>
              <dt>{question}</dt>
              <dd>{answer}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </Page>
  );
}
