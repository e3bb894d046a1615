import { body } from "@berth/api-client/client.ts";
import type { AppStatus } from "@berth/api-client/types.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { api } from "../api.ts";
import { useEntitlement } from "../billing/entitlement.ts";
import { rollbackReason } from "../billing/reason.ts";
import { useOnce } from "../once.ts";
import { appQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Section } from "../ui/page.tsx";
import { Status } from "../ui/status.tsx";
import { StackedTable } from "../ui/table.tsx";
import { Ago } from "../ui/time.tsx";
import { failed } from "../ui/toast.tsx";

type Environment = AppStatus["environments"][number];
type Target = Environment["targets"][number];
type Container = NonNullable<Target["seen"]>["containers"][number];

interface Props {
  readonly app: string;
  readonly environment: Environment;
  readonly busy: boolean;
}

/** What Docker says of the app's containers on each target: asked once when the page is opened, and again by a button. */
export function Containers({ app, environment, busy }: Props) {
  const queries = useQueryClient();
  const entitlement = useEntitlement();
  const [starting, setStarting] = useState(false);
  const look = useMutation({
    mutationFn: () => body(api.apps[":app"].status.$get({ param: { app }, query: { fresh: "true" } })),
    onSuccess: (status) => queries.setQueryData(appQuery(app).queryKey, status),
  });
  const { mutate } = look;
  useEffect(() => mutate(), [mutate]);
  const down = environment.state === "stopped" || environment.state === "degraded";
  const blocked = rollbackReason(entitlement) ?? (busy ? "A change is under way" : undefined);
  return (
    <Section
      title="Containers"
      aside={
        <div class="actions">
          {down && (
            <Button small kind="main" reason={blocked} onClick={() => setStarting(true)}>
              Start stopped containers
            </Button>
          )}
          <Button small busy={look.isPending} onClick={() => look.mutate(undefined, { onError: failed })}>
            Refresh
          </Button>
        </div>
      }
    >
      {environment.targets.map((target) => (
        <OnTarget key={target.id} target={target} />
      ))}
      {starting && <Start app={app} environment={environment} onClose={() => setStarting(false)} />}
    </Section>
  );
}

function OnTarget({ target }: { target: Target }) {
  const { name, release, seen, problem, addresses } = target;
  if (release === null) return null;
  return (
    <div class="seen">
      <h3 class="row-title">
        {name}{" "}
        <span class="sub">
          {seen ? (
            <>
              seen <Ago at={seen.at} />
            </>
          ) : (
            "not seen yet"
          )}
        </span>
      </h3>
      {addresses.length > 0 && (
        <p class="row-sub">
          {addresses.map(({ url, host, port, protocol, service }) =>
            url ? (
              <a key={`${port}${protocol}`} class="break" href={url} rel="noreferrer" target="_blank">
                {url}
              </a>
            ) : (
              <span key={`${port}${protocol}`} class="mono break">
                {service} {host}:{port}/{protocol}
              </span>
            ),
          )}
        </p>
      )}
      {problem && (
        <p class="note bad">
          {name} could not be asked <Ago at={problem.at} />: {problem.message}
        </p>
      )}
      {seen && seen.containers.length + seen.missing.length > 0 && (
        <StackedTable titles={["Service", "State", "Since", "Restarts", "Ports", "Image"]}>
          {seen.containers.map((container) => (
            <Row key={container.name} container={container} />
          ))}
          {seen.missing.map((service) => (
            <tr key={`missing ${service}`}>
              <td data-term="Service">{service}</td>
              <td data-term="State" colSpan={5}>
                <Status tone="bad">No container</Status>
              </td>
            </tr>
          ))}
        </StackedTable>
      )}
    </div>
  );
}

function Row({ container }: { container: Container }) {
  const { service, state, health, exitCode, ok, orphan, why, restarts, ports, image, startedAt, finishedAt } = container;
  const since = finishedAt ?? startedAt;
  const tone = orphan ? "off" : ok ? (state === "running" ? "good" : "off") : "bad";
  return (
    <tr>
      <td data-term="Service">{service}</td>
      <td data-term="State">
        <Status tone={tone}>{`${state}${health ? `, ${health}` : exitCode === null ? "" : `, status ${exitCode}`}`}</Status>
        {why && <span class="sub">{why}</span>}
      </td>
      <td data-term="Since">{since ? <Ago at={since} /> : "-"}</td>
      <td data-term="Restarts">{restarts}</td>
      <td data-term="Ports">{[...new Set(ports.map(({ published, port }) => `${published}→${port}`))].join(", ") || "none"}</td>
      <td data-term="Image">
        <span class="mono break">{image}</span>
      </td>
    </tr>
  );
}

function Start({ app, environment, onClose }: { app: string; environment: Environment; onClose: () => void }) {
  const queries = useQueryClient();
  const once = useOnce();
  const [, go] = useLocation();
  const start = useMutation({
    mutationFn: () => {
      const json = { environment: environment.name };
      return body(api.apps[":app"].start.$post({ param: { app }, json }, once(json)));
    },
    onSuccess: (job) => {
      void queries.invalidateQueries({ queryKey: appQuery(app).queryKey });
      go(`/jobs/${encodeURIComponent(job.id)}`);
    },
  });
  return (
    <Confirm title={`Start ${app}?`} act={start} kind="main" yes="Start it" no="Leave it" onClose={onClose}>
      The live release is deployed again: containers that are down are started, the others are left as they are. Images that are
      already on the server are not pulled again.
    </Confirm>
  );
}
