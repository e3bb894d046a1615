import type { AppView } from "@berth/domain/app/status.ts";
import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api, read } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/field.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Section } from "../ui/page.tsx";

interface Props {
  readonly app: string;
  readonly environment: AppView["environments"][number];
}

const tails = [
  ["100", "last 100 lines"],
  ["300", "last 300 lines"],
  ["1000", "last 1000 lines"],
] as const;

/** The last lines of the app's containers, read from its servers when asked. */
export function Logs({ app, environment }: Props) {
  const [tail, setTail] = useState<(typeof tails)[number][0]>("100");
  const [asked, setAsked] = useState(false);
  const live = environment.targets.some(({ release }) => release !== null);
  const logs = useQuery({
    queryKey: ["logs", app, environment.name, tail],
    queryFn: () => read(api.apps[":app"].logs.$get({ param: { app }, query: { environment: environment.name, tail } })),
    enabled: asked,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Section title="Logs">
      <div class="log-ask">
        <Choice label="Show" value={tail} options={tails} onValue={setTail} />
        <Button
          busy={logs.isFetching}
          reason={live ? undefined : "Nothing runs"}
          onClick={() => {
            if (asked) void logs.refetch();
            else setAsked(true);
          }}
        >
          {asked ? "Read again" : "Read the logs"}
        </Button>
      </div>
      {asked && (
        <Loaded query={logs} lines={4}>
          {({ items, failed }) => (
            <>
              {failed.map(({ target, message }) => (
                <p key={target} class="note bad">
                  {target} could not be read: {message}
                </p>
              ))}
              <div
                class="log"
                role="log"
                aria-label={`Last lines of ${app}`}
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
                tabIndex={0}
              >
                {items.length === 0 && <p class="log-note">Nothing was said.</p>}
                {items.map((line, i) => (
                  <div key={i} class="line">
                    <time dateTime={line.at}>{line.at.slice(11, 19)}</time>
                    <span class="line-target">{line.target}</span>
                    {line.service && <span class="line-service">{line.service}</span>}
                    <span class="line-text">{line.text}</span>
                  </div>
                ))}
              </div>
            </>
          )}
        </Loaded>
      )}
    </Section>
  );
}
