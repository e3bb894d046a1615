import { useMutation, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { api } from "../api.ts";
import { deviceQuery } from "../queries.ts";
import { Scopes } from "../token/scopes.tsx";
import { Button } from "../ui/button.tsx";
import { Fact, Facts } from "../ui/facts.tsx";
import { Field, Tick } from "../ui/field.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Ago } from "../ui/time.tsx";
import { deviceCode } from "./device-code.ts";
import { needsProof, Prove } from "./prove.tsx";

const CODE = /^[A-Z]{4}-[A-Z]{4}$/;

/** Confirming a login from a command line, after seeing who asks and from where. */
export function Device() {
  const asked = deviceCode(new URLSearchParams(useSearch()).get("code") ?? "");
  return CODE.test(asked) ? <Confirm key={asked} code={asked} /> : <Ask start={asked} />;
}

function Ask({ start }: { start: string }) {
  const [code, setCode] = useState(start);
  const [, go] = useLocation();
  return (
    <Page title="Confirm a login" lead="Type the code that your terminal shows." narrow>
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          if (CODE.test(code)) go(`/device?code=${code}`);
        }}
      >
        <Field
          label="Code"
          hint="Eight letters, as XXXX-XXXX."
          value={code}
          onValue={(text) => setCode(deviceCode(text))}
          input={{ autoComplete: "off", autoCapitalize: "characters", spellcheck: false, class: "mono", required: true }}
        />
        <Button kind="main" type="submit" reason={CODE.test(code) ? undefined : "The code has eight letters"}>
          Continue
        </Button>
      </form>
    </Page>
  );
}

function Confirm({ code }: { code: string }) {
  const [mine, setMine] = useState(false);
  const login = useQuery(deviceQuery(code));
  const answer = useMutation({
    mutationFn: (approve: boolean) => api.auth.device[":code"].$post({ param: { code }, json: { approve } }),
  });
  if (answer.isSuccess)
    return (
      <Page title={answer.variables ? "Signed in on the command line" : "Login denied"} narrow>
        <p class="note">
          {answer.variables
            ? "You can close this page and go back to your terminal. The token it got is listed under Tokens, where you can revoke it."
            : "Nothing was given out. If you did not start this login, somebody may have tried to get into your account: never confirm a code that somebody sent you."}
        </p>
      </Page>
    );
  return (
    <Page title="Confirm a login" lead="A command line asks to act for you. Confirm it only if you started it." narrow>
      <Loaded query={login} lines={4}>
        {(found) =>
          found.status === "pending" ? (
            <div class="card form">
              <Facts>
                <Fact term="Code" class="mono big">
                  {found.userCode}
                </Fact>
                <Fact term="Requested by" class="mono">
                  {found.client}
                </Fact>
                <Fact term="From address" class="mono">
                  {found.ip}
                </Fact>
                <Fact term="Requested">
                  <Ago at={found.createdAt} />
                </Fact>
                <Fact term="It will be able to">
                  <Scopes scopes={found.scopes} />
                </Fact>
              </Facts>
              <Tick
                label="I started this login myself"
                hint="The code above is the one on my terminal. Nobody sent it to me."
                checked={mine}
                onChecked={setMine}
              />
              <Refusal error={needsProof(answer.error) ? null : answer.error} />
              {needsProof(answer.error) && <Prove onProved={() => answer.mutate(true)} onClose={() => answer.reset()} />}
              <div class="actions">
                <Button
                  kind="main"
                  busy={answer.isPending}
                  reason={mine ? undefined : "Tick the box first"}
                  onClick={() => answer.mutate(true)}
                >
                  Confirm
                </Button>
                <Button kind="danger" busy={answer.isPending} onClick={() => answer.mutate(false)}>
                  Deny
                </Button>
              </div>
            </div>
          ) : (
            <p class="note">
              This login was {found.status === "denied" ? "denied" : "confirmed"} already. To log in again, run{" "}
              <code>berth login</code>.
            </p>
          )
        }
      </Loaded>
    </Page>
  );
}
