import type { ComponentChildren } from "preact";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Refusal } from "./refusal.tsx";

interface Props {
  readonly title: string;
  readonly act: { readonly error: unknown; readonly isPending: boolean; readonly mutate: () => void };
  readonly kind: "main" | "danger";
  /** The answers. */
  readonly yes: string;
  readonly no: string;
  /** Why it cannot be done now. */
  readonly reason?: string | undefined;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks whether to do something. Inside is what it means; where it is refused the dialog stays and says why. */
export const Confirm = ({ title, act, kind, yes, no, reason, onClose, children }: Props) => (
  <Dialog title={title} onClose={onClose}>
    <p>{children}</p>
    <Refusal error={act.error} />
    <div class="actions">
      <Button kind={kind} busy={act.isPending} reason={reason} onClick={() => act.mutate()}>
        {yes}
      </Button>
      <Button onClick={onClose}>{no}</Button>
    </div>
  </Dialog>
);
