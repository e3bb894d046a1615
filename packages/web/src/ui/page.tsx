import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  readonly title: string;
  /** What the browser's tab says, where it is not the heading. */
  readonly tab?: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly narrow?: boolean;
  readonly class?: string;
  /** It stands for a page that is not known yet. */
  readonly placeholder?: boolean;
  readonly children: ComponentChildren;
}

/** The page that was arrived at last, by its address and heading. */
let arrived: string | undefined;

/** A page: its heading is where a keyboard and a screen reader arrive after following a link. */
export function Page({ title, tab, lead, actions, narrow, class: name, placeholder, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${tab ?? title} · Berth`;
  }, [tab, title]);
  useEffect(() => {
    if (placeholder) return;
    const here = `${location.pathname} ${title}`;
    const followed = arrived !== undefined && arrived !== here && !location.hash;
    arrived = here;
    const head = heading.current;
    if (!followed || !head || head.closest("main")?.contains(document.activeElement)) return;
    window.scrollTo(0, 0);
    head.focus({ preventScroll: true });
  }, [placeholder, title]);
  return (
    <main id="main" class={["page", narrow && "narrow", name].filter(Boolean).join(" ")}>
      <header class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

/** A part of a page with a heading of its own. */
export function Section(props: { title: string; aside?: ComponentChildren; id?: string; children: ComponentChildren }) {
  const id = props.id ?? `s-${props.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
  return (
    <section aria-labelledby={id} class="section">
      <div class="section-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}
