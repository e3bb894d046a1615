import { body } from "@berth/api-client/client.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { useOnce } from "../once.ts";
import { targetsQuery, usageQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";

/** Registering a server. What is left to do there is shown on its card. */
export function AddTarget({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [host, setHost] = useState("");
  const [port, setPort] = useState("22");
  const [user, setUser] = useState("root");
  const once = useOnce();
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: () => {
      const json = { name, host: host.trim(), port: Number(port), user };
      return body(api.targets.$post({ json }, once(json)));
    },
    onSuccess: async ({ target }) => {
      await Promise.all([queries.invalidateQueries(targetsQuery), queries.invalidateQueries(usageQuery)]);
      said(`${target.name} was added. Add its key to the server and confirm its host key below.`);
      onDone();
    },
  });
  return (
    <form
      class="card form"
      aria-label="Add a target"
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending) add.mutate();
      }}
    >
      <h2>Add a target</h2>
      <Field
        label="Name"
        hint="Lower-case letters, digits and dashes."
        value={name}
        onValue={setName}
        input={{
          required: true,
          pattern: "[a-z]([a-z0-9\\-]{0,37}[a-z0-9])?",
          maxLength: 39,
          autoComplete: "off",
          spellcheck: false,
        }}
      />
      <Field
        label="Address"
        hint="A public IP address or a host name."
        value={host}
        onValue={setHost}
        input={{ required: true, maxLength: 253, autoComplete: "off", autoCapitalize: "none", spellcheck: false }}
      />
      <div class="pair">
        <Field
          label="User"
          hint="One that may use Docker."
          value={user}
          onValue={setUser}
          input={{
            required: true,
            pattern: "[a-z_][a-z0-9_\\-]{0,31}",
            autoComplete: "off",
            autoCapitalize: "none",
            spellcheck: false,
          }}
        />
        <Field
          label="SSH port"
          value={port}
          onValue={setPort}
          input={{ type: "number", required: true, min: 1, max: 65_535, inputMode: "numeric" }}
        />
      </div>
      <Refusal error={add.error} />
      <div class="actions">
        <Button kind="main" type="submit" busy={add.isPending}>
          Add it
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
