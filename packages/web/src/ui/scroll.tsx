import type { ComponentChildren } from "preact";

/** Content that scrolls by itself: a region with a name, which a keyboard can reach. */
export function Scroll({ label, class: name, children }: { label: string; class: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it a keyboard could not scroll
    <section class={name} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
