import { body } from "@berth/api-client/client.ts";
import type { App } from "@berth/api-client/types.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useLocation } from "wouter-preact";
import { api } from "../api.ts";
import { useOnce } from "../once.ts";
import { appQuery } from "../queries.ts";
import { Confirm } from "../ui/confirm.tsx";

interface Props {
  readonly app: string;
  readonly environment: App["environments"][number];
  readonly release: number;
  readonly onClose: () => void;
}

export function Rollback({ app, environment, release, onClose }: Props) {
  const queries = useQueryClient();
  const once = useOnce();
  const [, go] = useLocation();
  const back = useMutation({
    mutationFn: () => {
      const json = { environment: environment.name, release };
      return body(api.apps[":app"].rollback.$post({ param: { app }, json }, once(json)));
    },
    onSuccess: (job) => {
      void queries.invalidateQueries({ queryKey: appQuery(app).queryKey });
      go(`/jobs/${encodeURIComponent(job.id)}`);
    },
  });
  const targets = environment.targets.map(
    ({ name, release: serves }) => `${name} (${serves === null ? "none" : `release ${serves}`} now)`,
  );
  return (
    <Confirm
      title={`Roll ${app} back to release ${release}?`}
      act={back}
      kind="main"
      yes="Roll back"
      no="Leave it"
      onClose={onClose}
    >
      {environment.name} on {targets.join(" and ") || "no target"}. The data stays as it is; if release {release} does not become
      healthy, what is live now stays live.
    </Confirm>
  );
}
