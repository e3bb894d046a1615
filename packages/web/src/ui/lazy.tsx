import type { ComponentType } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { Skeleton } from "./loaded.tsx";
import { Page } from "./page.tsx";
import { Refusal } from "./refusal.tsx";

/**
 * A page that is fetched when it is looked at, or before: `prefetch` does that. (`preact/compat` has such a thing, for a seventh of all the
 * dashboard's bytes.)
 */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let Fetched: ComponentType<Props> | undefined;
  const prefetch = async () => {
    Fetched ??= await load();
  };
  function Lazy(props: Props) {
    const [, setFetched] = useState(Fetched !== undefined);
    const [error, setError] = useState<unknown>();
    // Before anything is painted, so that a page which is here already is there at once.
    useLayoutEffect(() => {
      if (!Fetched) prefetch().then(() => setFetched(true), setError);
    }, []);
    if (Fetched) return <Fetched {...props} />;
    if (error)
      return (
        <Page title="This page did not load">
          <Refusal error={error} />
          <div>
            <Button kind="main" onClick={() => location.reload()}>
              Reload
            </Button>
          </div>
        </Page>
      );
    return (
      <Page title="One moment" placeholder class="late">
        <Skeleton lines={3} />
      </Page>
    );
  }
  return Object.assign(Lazy, { prefetch });
}
