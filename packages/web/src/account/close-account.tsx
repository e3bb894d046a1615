import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { api, refusedAs } from "../api.ts";
import { needsProof, Prove } from "../auth/prove.tsx";
import { forgetEntitlement } from "../billing/entitlement.ts";
import { meQuery } from "../queries.ts";
import { unmark } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Tick } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";

const WORD = "close";

/** Asks twice, and for a code where the sign-in is not fresh. */
export function CloseAccount({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [leave, setLeave] = useState(false);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const close = useMutation({
    mutationFn: async () => (await api.account.$delete({ query: { apps: leave ? "leave" : "refuse" } })).json(),
    onSuccess: ({ status }) => {
      unmark();
      forgetEntitlement();
      queries.clear();
      queries.setQueryData(meQuery.queryKey, null);
      said(status === "closed" ? "Your account is closed." : "Your account is being closed; a mail tells when it is done.");
      go("/");
    },
  });
  if (needsProof(close.error)) return <Prove onProved={() => close.mutate()} onClose={onClose} />;
  const running = refusedAs(close.error, "account.apps_running");
  return (
    <Dialog title="Close the account for good?" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === WORD && !close.isPending) close.mutate();
        }}
      >
        <p>The subscription ends at once, without a refund, and everything we keep is erased. It cannot be taken back.</p>
        <Refusal error={close.error} />
        {(running || leave) && (
          <Tick
            label="Leave the apps on the servers"
            hint="They run on as they are; Berth can no longer reach them."
            checked={leave}
            onChecked={setLeave}
          />
        )}
        <Field
          label={`Type ${WORD} to confirm`}
          value={typed}
          onValue={setTyped}
          input={{ autoComplete: "off", autoCapitalize: "none", spellcheck: false }}
        />
        <div class="actions">
          <Button kind="danger" type="submit" busy={close.isPending} reason={typed === WORD ? undefined : "Type the word first"}>
            Close it for good
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </div>
      </form>
    </Dialog>
  );
}
