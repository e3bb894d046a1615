import type { ComponentChildren } from "preact";
import { Button } from "./button.tsx";
import { Refusal } from "./refusal.tsx";

interface Query<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

/** What a question answered, the shape of it while it is asked, or why there is no answer. */
export function Loaded<T>(props: { query: Query<T>; lines?: number; children: (data: T) => ComponentChildren }) {
  const { query, lines = 3 } = props;
  if (query.data !== undefined)
    return (
      <>
        {query.error ? <Refusal error={query.error} title="What follows may be out of date" /> : null}
        {props.children(query.data)}
      </>
    );
  if (query.error)
    return (
      <div class="stack">
        <Refusal error={query.error} />
        <div>
          <Button busy={query.isFetching} onClick={() => void query.refetch()}>
            Try again
          </Button>
        </div>
      </div>
    );
  return <Skeleton lines={lines} />;
}

export function Skeleton({ lines }: { lines: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 48 32" width="48" height="32" aria-hidden="true">
        <path d="M2 2V24M24 2V24M46 2V24M0 24H48" class="pier" />
      </svg>
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
