import { body } from "@berth/api-client/client.ts";
import { type Scope, scopes } from "@berth/domain/scope.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { needsProof, Prove } from "../auth/prove.tsx";
import { appsQuery, tokensQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Copy } from "../ui/copy.tsx";
import { Choice, Field, Tick } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Day } from "../ui/time.tsx";
import { scopeWords } from "./scopes.tsx";

const days = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "one year"],
] as const;
type Days = (typeof days)[number][0];

export function NewToken() {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly Scope[]>(["deploy"]);
  const [app, setApp] = useState("");
  const [life, setLife] = useState<Days>("90");
  const queries = useQueryClient();
  const apps = useQuery(appsQuery);
  const make = useMutation({
    mutationFn: () => body(api.tokens.$post({ json: { name, scopes: [...chosen], days: Number(life), ...(app && { app }) } })),
    onSuccess: async () => {
      setName("");
      await queries.invalidateQueries(tokensQuery);
    },
  });
  if (make.data?.secret)
    return <Secret name={make.data.name} secret={make.data.secret} expiresAt={make.data.expiresAt} onDone={() => make.reset()} />;
  return (
    <form
      class="card form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!make.isPending && chosen.length > 0) make.mutate();
      }}
    >
      <h2>New token</h2>
      <Field
        label="Name"
        hint="What it is for: a machine, a pipeline, an agent."
        value={name}
        onValue={setName}
        input={{ required: true, maxLength: 80, autoComplete: "off" }}
      />
      <fieldset class="ticks">
        <legend>It may</legend>
        {scopes.map((scope) => (
          <Tick
            key={scope}
            label={<code>{scope}</code>}
            hint={scopeWords[scope]}
            checked={chosen.includes(scope)}
            onChecked={(on) => setChosen(on ? [...chosen, scope] : chosen.filter((each) => each !== scope))}
          />
        ))}
      </fieldset>
      <div class="pair">
        <Choice
          label="Limited to"
          value={app}
          options={[["", "every app"], ...(apps.data ?? []).map((each) => [each.name, each.name] as const)]}
          onValue={setApp}
        />
        <Choice label="Expires after" value={life} options={days} onValue={setLife} />
      </div>
      <Refusal error={needsProof(make.error) ? null : make.error} />
      <Button
        kind="main"
        type="submit"
        busy={make.isPending}
        reason={chosen.length === 0 ? "Choose at least one thing it may do" : undefined}
      >
        Make the token
      </Button>
      {needsProof(make.error) && <Prove onProved={() => make.mutate()} onClose={() => make.reset()} />}
    </form>
  );
}

function Secret(props: { name: string; secret: string; expiresAt: string; onDone: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card form secret" aria-labelledby="secret">
      <h2 id="secret" ref={heading} tabIndex={-1}>
        {props.name}: copy it now
      </h2>
      <p>
        It is shown this once; we keep only a fingerprint of it. Works until <Day at={props.expiresAt} />.
      </p>
      <Copy text={props.secret} label="Token" wrap />
      <p class="hint">
        In a terminal: <code>berth login --token -</code> and paste it, or set <code>BERTH_TOKEN</code>.
      </p>
      <div>
        <Button onClick={props.onDone}>I have stored it</Button>
      </div>
    </section>
  );
}
