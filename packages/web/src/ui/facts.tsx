import type { ComponentChildren } from "preact";

/** What is known of a thing. Inside are `Fact`s. */
export const Facts = ({ tight = false, children }: { tight?: boolean; children: ComponentChildren }) => (
  <dl class={tight ? "facts tight" : "facts"}>{children}</dl>
);

export const Fact = ({ term, class: name, children }: { term: string; class?: string; children: ComponentChildren }) => (
  <div>
    <dt>{term}</dt>
    <dd class={name}>{children}</dd>
  </div>
);
