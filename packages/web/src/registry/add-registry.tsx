import { body } from "@berth/api-client/client.ts";
import { hostOf } from "@berth/domain/remote/registry-host.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { registriesQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";

const typed = { required: true, autoComplete: "off", autoCapitalize: "none", spellcheck: false } as const;

/** Storing a login. The password leaves this form only for the API, and nothing shows it again. */
export function AddRegistry({ onDone }: { onDone: () => void }) {
  const [host, setHost] = useState("");
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: () => body(api.registries.$post({ json: { host: hostOf(host), user: user.trim(), password } })),
    onSuccess: async (added) => {
      await queries.invalidateQueries(registriesQuery);
      said(`Deploys of images from ${added.host} now have the login of ${added.user}. Check whether your servers can use it.`);
      onDone();
    },
  });
  return (
    <form
      class="card form"
      aria-label="Add a login"
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending) add.mutate();
      }}
    >
      <h2>Add a login</h2>
      <Field
        label="Registry"
        hint="Its host, as image names begin with it. Docker Hub is docker.io. A login that is stored for it already is replaced."
        value={host}
        onValue={setHost}
        input={{ ...typed, maxLength: 300, placeholder: "ghcr.io" }}
      />
      <div class="pair">
        <Field label="User" value={user} onValue={setUser} input={{ ...typed, maxLength: 255 }} />
        <Field
          label="Password or token"
          hint="One that may only read is enough. Nothing shows it again."
          value={password}
          onValue={setPassword}
          input={{ ...typed, type: "password", autoComplete: "new-password", minLength: 6, maxLength: 4096 }}
        />
      </div>
      <Refusal error={add.error} />
      <div class="actions">
        <Button kind="main" type="submit" busy={add.isPending}>
          Store it
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
