import { body } from "@berth/api-client/client.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Redirect, useLocation, useSearch } from "wouter-preact";
import { api, refusedAs } from "../api.ts";
import { useMe } from "../me.ts";
import { meQuery } from "../queries.ts";
import { mark, safeNext } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { CodeField } from "./code-field.tsx";

/** Signing in, and signing up: the first sign-in makes the account. */
export function Login() {
  const next = safeNext(new URLSearchParams(useSearch()).get("next"));
  const [email, setEmail] = useState("");
  const [sentTo, setSentTo] = useState<string>();
  const me = useMe(false).data;
  const send = useMutation({
    mutationFn: (address: string) => body(api.auth.code.$post({ json: { email: address } })),
    onSuccess: (_, address) => setSentTo(address),
  });
  if (me) return <Redirect to={next} replace />;
  if (sentTo !== undefined)
    return (
      <Enter email={sentTo} next={next} again={() => send.mutate(sentTo)} sending={send} onOther={() => setSentTo(undefined)} />
    );
  return (
    <Page title="Sign in" lead="We mail you a code. The first time, that makes your account." narrow>
      {next.startsWith("/device") && <p class="note">A command line wants to sign in as you. Sign in here first.</p>}
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!send.isPending) send.mutate(email.trim());
        }}
      >
        <Field
          label="E-mail address"
          value={email}
          onValue={setEmail}
          input={{ type: "email", name: "email", required: true, autoComplete: "email", autoCapitalize: "none", maxLength: 200 }}
        />
        <Refusal error={send.error} />
        <Button kind="main" type="submit" busy={send.isPending}>
          Mail me a code
        </Button>
      </form>
    </Page>
  );
}

interface EnterProps {
  readonly email: string;
  readonly next: string;
  readonly again: () => void;
  readonly sending: { readonly isPending: boolean; readonly error: unknown };
  readonly onOther: () => void;
}

function Enter({ email, next, again, sending, onOther }: EnterProps) {
  const [code, setCode] = useState("");
  const [sent, setSent] = useState(1);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const verify = useMutation({
    mutationFn: (digits: string) => body(api.auth.verify.$post({ json: { email, code: digits } })),
    onSuccess: async () => {
      mark();
      await queries.invalidateQueries(meQuery);
      await queries.fetchQuery({ ...meQuery, queryFn: () => body(api.me.$get()) });
      go(next, { replace: true });
    },
  });
  const wrong = refusedAs(verify.error, "auth.code_wrong", "input.invalid") ? verify.error : undefined;
  return (
    <Page
      title="Enter the code"
      lead={
        <>
          We sent it to <strong>{email}</strong>. It is good for ten minutes.
        </>
      }
      narrow
    >
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!verify.isPending) verify.mutate(code);
        }}
      >
        <CodeField
          value={code}
          onValue={setCode}
          onFull={(digits) => verify.mutate(digits)}
          error={wrong && `${wrong.problem.title}. ${wrong.problem.detail ?? wrong.problem.hint ?? ""}`}
        />
        {!wrong && <Refusal error={verify.error} />}
        <Button
          kind="main"
          type="submit"
          busy={verify.isPending}
          reason={code.length < 6 ? "All six digits are needed" : undefined}
        >
          Sign in
        </Button>
      </form>
      <div class="after-form">
        <button
          type="button"
          class="plain-button"
          onClick={() => {
            again();
            setSent(sent + 1);
          }}
        >
          Send another code
        </button>
        <button type="button" class="plain-button" onClick={onOther}>
          Use another address
        </button>
      </div>
      <p role="status" class="hint">
        {sending.isPending ? "Sending" : sent > 1 && !sending.error ? "Sent again. Only the latest code works." : ""}
      </p>
      <Refusal error={sending.error} />
    </Page>
  );
}
