import { body } from "@berth/api-client/client.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { useEntitlement } from "../billing/entitlement.ts";
import { growReason } from "../billing/reason.ts";
import { useFollowed } from "../job/follow.ts";
import { targetsQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Prose } from "../ui/prose.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";
import type { TargetView } from "./target-card.tsx";

/** The key added with a password, which is tried once and forgotten; the server is checked afterwards. */
export function Bootstrap({ target }: { target: TargetView }) {
  const [password, setPassword] = useState("");
  const [job, setJob] = useState<string>();
  const entitlement = useEntitlement();
  const start = useMutation({
    mutationFn: () => body(api.targets[":target"].bootstrap.$post({ param: { target: target.id }, json: { password } })),
    onSuccess: ({ id }) => setJob(id),
    onSettled: () => setPassword(""),
  });
  return (
    <form
      class="form"
      aria-label={`Add the key to ${target.name} with a password`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!start.isPending) start.mutate();
      }}
    >
      <p>Or have Berth add it with the password of {target.user}, which is tried once and forgotten.</p>
      <Field
        label={`Password of ${target.user}`}
        value={password}
        onValue={setPassword}
        input={{ type: "password", required: true, maxLength: 1024, autoComplete: "off" }}
      />
      <Refusal error={start.error} />
      {job && <Tried target={target} job={job} key={job} />}
      <div>
        <Button type="submit" busy={start.isPending} reason={growReason(entitlement)}>
          Add the key
        </Button>
      </div>
    </form>
  );
}

function Tried({ target, job: id }: { target: TargetView; job: string }) {
  const { job, by } = useFollowed(id);
  const queries = useQueryClient();
  const check = useMutation({
    mutationFn: () => body(api.targets[":target"].check.$post({ param: { target: target.id } })),
    onSuccess: () => {
      said(`${target.name} takes Berth's key. Checking the server now.`);
      setTimeout(() => void queries.invalidateQueries(targetsQuery), 1_500);
    },
  });
  const isIn = by === "over" && job?.status === "succeeded";
  useEffect(() => {
    if (isIn) check.mutate();
  }, [isIn]);
  return (
    <div role="status">
      {job?.failure ? (
        <div class="note bad">
          <p>
            <strong class="break">{job.failure.message}</strong>
          </p>
          {job.failure.remedy && (
            <p>
              <Prose text={job.failure.remedy} />
            </p>
          )}
        </div>
      ) : (
        <p>{isIn ? "The key is on the server." : "Trying the password…"}</p>
      )}
      <Refusal error={check.error} />
    </div>
  );
}
