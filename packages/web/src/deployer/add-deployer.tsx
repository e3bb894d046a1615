import { body } from "@berth/api-client/client.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { needsProof, Prove } from "../auth/prove.tsx";
import { useOnce } from "../once.ts";
import { appsQuery, deployersQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Choice, Field, Tick } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";

const typed = { autoComplete: "off", autoCapitalize: "none", spellcheck: false } as const;

/** Saying which jobs of which repository may deploy an app. */
export function AddDeployer({ onDone }: { onDone: (added?: string) => void }) {
  const apps = useQuery(appsQuery);
  const [chosen, setApp] = useState("");
  const [repository, setRepository] = useState("");
  const [ref, setRef] = useState("refs/heads/main");
  const [jobEnvironment, setEnvironment] = useState("");
  const [pullRequests, setPullRequests] = useState(false);
  const once = useOnce();
  const queries = useQueryClient();
  const app = chosen || apps.data?.[0]?.name || "";
  const add = useMutation({
    mutationFn: () => {
      const json = {
        provider: "github" as const,
        app,
        repository: repository.trim(),
        ...(ref && { ref }),
        ...(jobEnvironment && { jobEnvironment }),
        ...(pullRequests && { pullRequests }),
      };
      return body(api.deployers.$post({ json }, once(json)));
    },
    onSuccess: async (added) => {
      await queries.invalidateQueries(deployersQuery);
      said(`Jobs of ${added.repository} may deploy ${added.app}. Their workflow is below.`);
      onDone(added.id);
    },
  });
  const reason =
    app === ""
      ? "There is no app yet"
      : ref === "" && jobEnvironment === ""
        ? "Name a branch or tag, an environment, or both"
        : undefined;
  return (
    <form
      class="card form"
      aria-label="Add a deployer"
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending && reason === undefined) add.mutate();
      }}
    >
      <h2>Add a deployer</h2>
      <div class="pair">
        <Choice label="App" value={app} options={(apps.data ?? []).map(({ name }) => [name, name] as const)} onValue={setApp} />
        <Field
          label="Repository at GitHub"
          hint="owner/name"
          value={repository}
          onValue={setRepository}
          input={{ ...typed, required: true, maxLength: 140, pattern: "\\s*[^\\s\\/]+\\/[^\\s\\/]+\\s*", placeholder: "me/shop" }}
        />
        <Field
          label="Branch or tag"
          hint="In full, like refs/heads/main or refs/tags/v1. Empty: any."
          value={ref}
          onValue={setRef}
          input={{ ...typed, maxLength: 260, pattern: "refs\\/(heads|tags)\\/\\S+" }}
        />
        <Field
          label="Environment at GitHub"
          hint="Only jobs that name it; GitHub can ask somebody to approve them. Empty: any."
          value={jobEnvironment}
          onValue={setEnvironment}
          input={{ ...typed, maxLength: 255 }}
        />
      </div>
      <Tick
        label="Jobs of pull requests too"
        hint="They run what a stranger may have proposed. It needs an environment, and no branch or tag."
        checked={pullRequests}
        onChecked={setPullRequests}
      />
      <Refusal error={needsProof(add.error) ? null : add.error} />
      <div class="actions">
        <Button kind="main" type="submit" busy={add.isPending} reason={reason}>
          Add it
        </Button>
        <Button onClick={() => onDone()}>Cancel</Button>
      </div>
      {needsProof(add.error) && <Prove onProved={() => add.mutate()} onClose={() => add.reset()} />}
    </form>
  );
}
