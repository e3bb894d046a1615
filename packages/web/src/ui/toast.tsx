import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api.ts";

interface Toast {
  readonly id: number;
  readonly kind: "good" | "bad";
  readonly text: string;
}

const SHOWN_MS = 8_000;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<(now: readonly Toast[]) => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener(next);
}

const dismiss = (id: number) => set(toasts.filter((toast) => toast.id !== id));

function show(kind: Toast["kind"], text: string): void {
  const id = ++last;
  set([...toasts.slice(-2), { id, kind, text }]);
  if (kind === "good") setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Says that something was done. */
export const said = (text: string) => show("good", text);

/** Says why an action without a form of its own was refused; stays until it is dismissed. */
export function failed(error: unknown): void {
  const problem = error instanceof Refused ? error.problem : { title: "Something failed on this page" };
  show("bad", [problem.title, problem.detail, problem.hint].filter(Boolean).join(". "));
}

export function Toasts() {
  const [now, setNow] = useState(toasts);
  useEffect(() => {
    listeners.add(setNow);
    return () => void listeners.delete(setNow);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {now.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          <p>{toast.text}</p>
          <button type="button" class="plain-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
