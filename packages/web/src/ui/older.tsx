import type { ComponentChildren } from "preact";
import { Button } from "./button.tsx";

interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

/** Below a list that comes page by page: fetches the next page while there is one. */
export function Older({ of: pages, small = true, children }: { of: Pages; small?: boolean; children: ComponentChildren }) {
  if (!pages.hasNextPage) return null;
  return (
    <div>
      <Button small={small} busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {children}
      </Button>
    </div>
  );
}
