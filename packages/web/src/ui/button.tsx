import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Link } from "wouter-preact";

interface Props {
  readonly children: ComponentChildren;
  readonly kind?: "main" | "plain" | "danger";
  readonly type?: "button" | "submit";
  readonly busy?: boolean;
  /** Why it cannot be used now. It stays where it is, can be focused, and says so. */
  readonly reason?: string | undefined;
  readonly small?: boolean;
  /** What it acts on, for those who hear it out of context. */
  readonly label?: string;
  readonly onClick?: () => void;
}

export function Button({ children, kind = "plain", type = "button", busy, reason, small, label, onClick }: Props) {
  const id = useId();
  const off = busy || reason !== undefined;
  return (
    <span class="button-with-reason">
      <button
        type={type}
        class={`button ${kind}${small ? " small" : ""}`}
        aria-disabled={off ? "true" : undefined}
        aria-busy={busy ? "true" : undefined}
        aria-describedby={reason ? id : undefined}
        aria-label={label}
        onClick={(event) => {
          if (off) event.preventDefault();
          else onClick?.();
        }}
      >
        {children}
      </button>
      {reason && (
        <span id={id} class="reason">
          {reason}
        </span>
      )}
    </span>
  );
}

export function ButtonLink(props: { href: string; kind?: "main" | "plain"; small?: boolean; children: ComponentChildren }) {
  return (
    <Link href={props.href} className={`button ${props.kind ?? "plain"}${props.small ? " small" : ""}`}>
      {props.children}
    </Link>
  );
}
