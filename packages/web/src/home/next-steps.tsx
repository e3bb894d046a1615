import type { ComponentChildren } from "preact";
import { ButtonLink } from "../ui/button.tsx";
import { Copy } from "../ui/copy.tsx";

interface Props {
  readonly paid: boolean;
  readonly targets: number;
  readonly ready: boolean;
}

/** What is left before the first deploy: a plan, a target, a command. */
export function NextSteps({ paid, targets, ready }: Props) {
  const now = !paid ? 1 : !ready ? 2 : 3;
  return (
    <section class="next-steps" aria-labelledby="next-steps">
      <h2 id="next-steps">Three steps to the first deploy</h2>
      <ol>
        <Step number={1} now={now} title="Choose a plan" done="Your plan is paid.">
          <p>From three app slots. Flat price, nothing metered.</p>
          <ButtonLink href="/plans" kind="main">
            See the plans
          </ButtonLink>
        </Step>
        <Step number={2} now={now} title="Add a target" done="A target is ready.">
          <p>
            {targets > 0
              ? "Your target waits for Berth's key to be added to it and for its host key to be confirmed."
              : "A server of yours with Docker. You add our key to it and confirm that it is the right machine."}
          </p>
          <ButtonLink href="/targets" kind="main">
            {targets > 0 ? "Finish the target" : "Add a target"}
          </ButtonLink>
        </Step>
        <Step number={3} now={now} title="Deploy" done="">
          <p>In the folder of your compose.yaml:</p>
          <Copy text={"berth login\nberth deploy"} label="Commands for the first deploy" />
        </Step>
      </ol>
    </section>
  );
}

function Step(props: { number: number; now: number; title: string; done: string; children: ComponentChildren }) {
  const { number, now } = props;
  const state = number < now ? "done" : number === now ? "now" : "later";
  return (
    <li class={`next-step ${state}`} aria-current={state === "now" ? "step" : undefined}>
      <span class="next-number" aria-hidden="true">
        {state === "done" ? "✓" : number}
      </span>
      <div>
        <h3>{props.title}</h3>
        {state === "done" ? <p>{props.done}</p> : state === "now" ? props.children : null}
      </div>
    </li>
  );
}
