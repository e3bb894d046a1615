/** Services whose profile is not active, as a server tells of them for a plan. */

import { planTarget } from "@berth/domain/plan/plan-target.ts";
import { readReport } from "@berth/domain/plan/read-report.ts";
import { describe, expect, test } from "vitest";
import { deployOf, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

const RUNNING = "running\tsha256:1\thealthy\n";

async function removed(on: Host, compose: string, shell: readonly string[]) {
  on.set("containers.told", `web\t/shop-production-web-1\t${RUNNING}debug\t/shop-production-debug-1\t${RUNNING}`);
  const files = [{ path: "compose.yaml", content: compose }];
  const { exit } = await runOn(on, deployOf("job_1", { op: "plan", fence: 0, files }), shell);
  const { operations } = planTarget(await readReport(exit!.report!)); // a plan has one
  return operations.filter(({ operation }) => operation === "remove").flatMap(({ services }) => services);
}

const profiles = "services:\n  web:\n    image: page:1\n  debug:\n    image: page:2\n    profiles: [debug]\n";

describe("a container", () => {
  test.each(shells)("of a service that is not active stays, and one of a service that is gone does not: %s", async (...shell) => {
    const on = host();
    on.set("services", "web\ndebug\n");
    expect(await removed(on, profiles, shell)).toEqual([]);
    on.set("services", "web\n");
    expect(await removed(on, profiles, shell)).toEqual(["debug"]);
  });

  test.each(shells)("stays where Compose cannot tell which services are not active: %s", async (...shell) => {
    const on = host();
    on.set("services.fails", "");
    expect(await removed(on, profiles, shell)).toEqual([]);
  });

  test("of an inactive service of another file stays", async () => {
    const on = host();
    on.set("services", "web\ndebug\n");
    const include = "include: [/srv/shared/compose.yaml]\nservices:\n  web:\n    image: page:1\n";
    expect(await removed(on, include, ["/bin/sh"])).toEqual([]);
  });
});
