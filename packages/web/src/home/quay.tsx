import { Link } from "wouter-preact";

interface Props {
  /** Apps that hold a slot, by name. */
  readonly apps: readonly string[];
  readonly used: number;
  readonly limit: number;
  readonly plan: string | null;
}

/** The plan's app slots as a quay: one place each, with whoever lies there. */
export function Quay({ apps, used, limit, plan }: Props) {
  const places = Math.max(limit, used);
  if (places === 0) return null;
  return (
    <section class="quay" aria-label="App slots">
      <p class="quay-count">
        <strong>
          {used} of {limit}
        </strong>{" "}
        app slots taken{plan && <span class="sub"> on {plan}</span>}
      </p>
      <ol class={places > 10 ? "places many" : "places"}>
        {Array.from({ length: places }, (_, place) => {
          const app = apps[place];
          return (
            <li key={place} class={place < used ? "place taken" : "place"}>
              {app ? (
                <Link href={`/apps/${encodeURIComponent(app)}`} title={app} aria-label={`${app} lies here`}>
                  <Hull />
                  <span class="place-name" aria-hidden="true">
                    {app}
                  </span>
                </Link>
              ) : (
                <span class="place-name">{place < used ? "taken" : "free"}</span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

export function Hull() {
  return (
    <svg class="hull" viewBox="0 0 24 40" width="24" height="40" aria-hidden="true">
      <path d="M12 2c5 5 7.5 10.5 7.5 18V36a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2V20C4.5 12.5 7 7 12 2Z" />
      <path class="hull-deck" d="M8.5 24h7v9h-7z" />
    </svg>
  );
}
