import type { App } from "@berth/api-client/types.ts";
import { useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/field.tsx";
import { Skeleton } from "../ui/loaded.tsx";
import { LogBox, LogLine } from "../ui/log.tsx";
import { Section } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { type Reading, type ShownItem, useReading, type Wish } from "./reading.ts";

interface Props {
  readonly app: string;
  readonly environment: App["environments"][number];
  /** As they were last seen. */
  readonly services: readonly string[];
}

const tails = [
  ["100", "last 100 lines"],
  ["300", "last 300 lines"],
  ["1000", "last 1000 lines"],
] as const;
const ALL = "";

/** What the app's containers say: their last lines, or as they say it. */
export function Logs({ app, environment, services }: Props) {
  const [tail, setTail] = useState<(typeof tails)[number][0]>("100");
  const [service, setService] = useState(ALL);
  const [wish, setWish] = useState<Wish>();
  const [asked, setAsked] = useState(0);
  const reading = useReading(wish);
  const live = environment.targets.some(({ release }) => release !== null);
  const reason = live ? undefined : "Nothing runs";
  const following = wish?.follow === true && reading.state !== "over";
  const ask = (follow: boolean) => {
    setWish({ app, environment: environment.name, services: service === ALL ? [] : [service], tail: Number(tail), follow });
    setAsked(asked + 1);
  };
  return (
    <Section title="Logs">
      <div class="log-ask">
        <Choice label="Show" value={tail} options={tails} onValue={setTail} />
        {services.length > 1 && (
          <Choice
            label="Service"
            value={service}
            options={[[ALL, "all services"], ...services.map((name) => [name, name] as const)]}
            onValue={setService}
          />
        )}
        <Button busy={wish?.follow === false && reading.state === "opening"} reason={reason} onClick={() => ask(false)}>
          {wish ? "Read again" : "Read the logs"}
        </Button>
        {following ? (
          <Button onClick={() => setWish(undefined)}>Stop following</Button>
        ) : (
          <Button reason={reason} onClick={() => ask(true)}>
            Follow
          </Button>
        )}
        {following && <Live reading={reading} />}
      </div>
      {reading.error !== undefined && <Refusal error={reading.error} />}
      {(wish || reading.items.length > 0) && reading.error === undefined && (
        <Lines key={asked} app={app} reading={reading} several={environment.targets.length > 1} following={following} />
      )}
    </Section>
  );
}

function Live({ reading }: { reading: Reading }) {
  return (
    <span class="live" data-state={reading.state} role="status">
      {reading.state === "lost" ? "Connection lost; trying again" : reading.state === "opening" ? "Connecting" : "Live"}
    </span>
  );
}

interface LinesProps {
  readonly app: string;
  readonly reading: Reading;
  readonly several: boolean;
  readonly following: boolean;
}

function Lines({ app, reading, several, following }: LinesProps) {
  const [pinned, setPinned] = useState(true);
  // Where somebody reads further up the page stays as it is, and new lines wait below.
  const [pausedAt, setPausedAt] = useState<number>();
  const upTo = following ? pausedAt : undefined;
  const shown = upTo === undefined ? reading.items : reading.items.filter(({ key }) => key < upTo);
  const behind = reading.items.length - shown.length;
  const toEnd = () => {
    setPausedAt(undefined);
    setPinned(true);
  };
  if (reading.state === "opening" && reading.items.length === 0) return <Skeleton lines={4} />;
  return (
    <>
      <LogBox
        label={`${following ? "Lines" : "Last lines"} of ${app}`}
        live={following && pinned}
        count={shown.length}
        dropped={reading.dropped}
        empty={following ? "No log lines yet." : "No log lines."}
        pinned={pinned}
        onPinned={setPinned}
      >
        {shown.map((item) => (
          <Item key={item.key} item={item} several={several} />
        ))}
      </LogBox>
      {following && (
        <div class="log-ask">
          {upTo === undefined ? (
            <Button small onClick={() => setPausedAt(reading.dropped + reading.items.length)}>
              Pause
            </Button>
          ) : (
            <Button small onClick={toEnd}>
              {behind > 0 ? `Resume, ${behind} new ${behind === 1 ? "line" : "lines"}` : "Resume"}
            </Button>
          )}
          {!pinned && upTo === undefined && (
            <Button small onClick={toEnd}>
              To the newest line
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function Item({ item, several }: { item: ShownItem; several: boolean }) {
  if (item.type === "log")
    return <LogLine at={item.at} target={several ? item.target : undefined} service={item.service} text={item.text} />;
  return (
    <p class="log-note" data-kind={item.type}>
      {item.type === "readable" || item.type === "interrupted" ? item.text : `${item.target}: ${item.text}`}
    </p>
  );
}
