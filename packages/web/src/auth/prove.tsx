import { body } from "@berth/api-client/client.ts";
import { useMutation } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { api, refusedAs } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { CodeField } from "./code-field.tsx";

/** Whether a request was refused for want of a fresh proof, which the dialog below gives. */
export const needsProof = (error: unknown) => refusedAs(error, "auth.proof");

/** Mails a code and asks for it. */
export function Prove({ onProved, onClose }: { onProved: () => void; onClose: () => void }) {
  const [code, setCode] = useState("");
  const send = useMutation({ mutationFn: () => body(api.auth.proof.$post()) });
  const verify = useMutation({
    mutationFn: (digits: string) => body(api.auth.proof.verify.$post({ json: { code: digits } })),
    onSuccess: onProved,
  });
  useEffect(() => send.mutate(), []);
  const wrong = refusedAs(verify.error, "auth.code_wrong", "input.invalid") ? verify.error : undefined;
  return (
    <Dialog title="Is it you?" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!verify.isPending) verify.mutate(code);
        }}
      >
        <p>
          {send.data
            ? `We mailed a code to ${send.data.to.join(" and ")}. Entering it is enough for the next 15 minutes.`
            : "We are mailing you a code."}
        </p>
        <CodeField
          value={code}
          onValue={setCode}
          onFull={(digits) => verify.mutate(digits)}
          error={wrong && `${wrong.problem.title}. ${wrong.problem.detail ?? wrong.problem.hint ?? ""}`}
        />
        <Refusal error={send.error ?? (wrong ? null : verify.error)} />
        <div class="actions">
          <Button
            kind="main"
            type="submit"
            busy={verify.isPending}
            reason={code.length < 6 ? "All six digits are needed" : undefined}
          >
            Continue
          </Button>
          <Button busy={send.isPending} onClick={() => send.mutate()}>
            Send another code
          </Button>
          <Button onClick={onClose}>Not now</Button>
        </div>
      </form>
    </Dialog>
  );
}
