import { beforeEach } from "vitest";
import { useCli } from "./harness.ts";

export const cli = useCli();
type Tenant = Awaited<ReturnType<typeof cli.tenant>>;
export type Play = Parameters<typeof cli.reach.next>[0];

export const compose =
  "services:\n  web:\n    image: registry.test/web:1\n    ports: ['8080:80']\n  redis:\n    image: redis:7\n";
export let tenant: Tenant;
let cwd = "";
export const berth = (args: readonly string[], options = {}) => cli.berth(args, { token: tenant.secret, cwd, ...options });

/** An account and a folder with an app, of their own for each test. */
export function useShop(): void {
  beforeEach(async () => {
    tenant = await cli.tenant();
    cwd = await cli.folder({ "compose.yaml": compose }, "shop");
  });
}
