import { body } from "@berth/api-client/client.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { targetsQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";
import type { TargetView } from "./target-card.tsx";

const wordsOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** The words by which several servers are named at once. */
export function Labels({ target }: { target: TargetView }) {
  const before = target.labels ?? [];
  const [text, setText] = useState(before.join(" "));
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const after = wordsOf(text);
      const json = { add: after, remove: before.filter((label) => !after.includes(label)) };
      return body(api.targets[":target"].labels.$post({ param: { target: target.id }, json }));
    },
    onSuccess: async ({ name, labels = [] }) => {
      setText(labels.join(" "));
      await queries.invalidateQueries(targetsQuery);
      said(labels.length === 0 ? `${name} has no labels.` : `${name} has the labels ${labels.join(", ")}.`);
    },
  });
  return (
    <details class="fold">
      <summary>Labels</summary>
      <form
        class="form"
        aria-label={`Labels of ${target.name}`}
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        <Field
          label="Labels"
          hint={
            <>
              Words with spaces between. <code>berth deploy --target label=eu</code> is every server with that label.
            </>
          }
          value={text}
          onValue={setText}
          input={{ maxLength: 400, autoComplete: "off", autoCapitalize: "none", spellcheck: false }}
        />
        <Refusal error={save.error} />
        <div>
          <Button type="submit" small busy={save.isPending} label={`Save the labels of ${target.name}`}>
            Save
          </Button>
        </div>
      </form>
    </details>
  );
}
