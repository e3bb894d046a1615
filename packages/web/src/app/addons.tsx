import type { Addon } from "@berth/api-client/types.ts";
import { kindTitles } from "@berth/domain/addon/kind.ts";
import { useQuery } from "@tanstack/preact-query";
import { addonsQuery } from "../queries.ts";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Section } from "../ui/page.tsx";
import { Ago, Moment } from "../ui/time.tsx";

const REFRESH_MS = 60_000;

/** The databases, caches and queues beside an environment, and what its services find each by. */
export function Addons({ app, environment }: { readonly app: string; readonly environment: string }) {
  const addons = useQuery({ ...addonsQuery(app, environment), refetchInterval: REFRESH_MS });
  return (
    <Section title="Add-ons">
      <Loaded query={addons} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="None">
              <p>
                A database beside the app: <code>berth addon add postgres --app {app}</code>
              </p>
            </Empty>
          ) : (
            <ul class="rows">
              {items.map((addon) => (
                <AddonRow key={addon.name} addon={addon} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function AddonRow({ addon }: { readonly addon: Addon }) {
  const { name, kind, version, services, variables, volume, addedAt, aside = [] } = addon;
  return (
    <li class="row">
      <div class="row-main">
        <h3 class="row-title">{name}</h3>
        <p class="row-sub">
          <span>
            {kindTitles[kind]} {version}
          </span>
          <span class="break">for {services?.join(", ") ?? "every service"}</span>
          <span class="break">
            data in <span class="mono">{volume}</span>
          </span>
          <span>
            added <Ago at={addedAt} />
          </span>
        </p>
        {aside.map((left) => (
          <p key={left.volume} class="row-sub">
            <span class="break">
              set aside with the data of version {left.version}: <span class="mono">{left.volume}</span>, which the first
              deployment after <Moment at={left.until} /> removes
            </span>
          </p>
        ))}
        <p class="row-sub">
          {Object.keys(variables).map((variable) => (
            <span key={variable} class="mono break">
              {variable}
            </span>
          ))}
        </p>
      </div>
    </li>
  );
}
