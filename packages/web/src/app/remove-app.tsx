import type { Job } from "@berth/api-client/types.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { api } from "../api.ts";
import { useEntitlement } from "../billing/entitlement.ts";
import { growReason } from "../billing/reason.ts";
import { appQuery, appsQuery, usageQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field } from "../ui/field.tsx";
import { Section } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";

interface Props {
  readonly app: string;
  /** The environment shown; undefined for an app that was never deployed. */
  readonly environment: string | undefined;
  readonly busy: boolean;
}

export function RemoveApp(props: Props) {
  const [asking, setAsking] = useState(false);
  const entitlement = useEntitlement();
  const what = props.environment ? `${props.app} (${props.environment})` : props.app;
  const reason = growReason(entitlement) ?? (props.busy ? "A change is under way" : undefined);
  return (
    <Section title="Remove">
      <div class="remove">
        <p>Removes {what} from its servers. Volumes are kept unless you choose to delete them.</p>
        <Button kind="danger" reason={reason} onClick={() => setAsking(true)}>
          Remove
        </Button>
      </div>
      {asking && <Ask {...props} what={what} onClose={() => setAsking(false)} />}
    </Section>
  );
}

function Ask({ app, environment, what, onClose }: Props & { what: string; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [volumes, setVolumes] = useState<"keep" | "delete">("keep");
  const queries = useQueryClient();
  const [, go] = useLocation();
  const remove = useMutation({
    mutationFn: () => api.apps[":app"].$delete({ param: { app }, query: { volumes, ...(environment && { environment }) } }),
    onSuccess: async (answer) => {
      for (const { queryKey } of [appsQuery, appQuery(app), usageQuery]) void queries.invalidateQueries({ queryKey });
      if (answer.status === 202) return go(`/jobs/${encodeURIComponent(((await answer.json()) as Job).id)}`);
      said(`${app} was removed.`);
      go("/");
    },
  });
  return (
    <Dialog title={`Remove ${what}?`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === app && !remove.isPending) remove.mutate();
        }}
      >
        <Choice
          label="Volumes"
          value={volumes}
          options={[
            ["keep", "keep the data on the servers"],
            ["delete", "delete the data, for good"],
          ]}
          onValue={setVolumes}
        />
        <Field
          label={`Type ${app} to confirm`}
          value={typed}
          onValue={setTyped}
          input={{ autoComplete: "off", autoCapitalize: "none", spellcheck: false }}
        />
        <Refusal error={remove.error} />
        <div class="actions">
          <Button kind="danger" type="submit" busy={remove.isPending} reason={typed === app ? undefined : "Type its name first"}>
            {volumes === "delete" ? "Remove it with its data" : "Remove it"}
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </div>
      </form>
    </Dialog>
  );
}
