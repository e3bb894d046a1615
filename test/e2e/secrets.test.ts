/** Secrets and variables on a real server: how services get them, what changes with them, and what stays behind. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`secrets${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const berth = (args: readonly string[], input?: string) =>
    stage.berth.run([...args, "--app", "shop", "--json"], { cwd: app, ...(input !== undefined && { input }) });
  const idOf = async (service: string) =>
    (await server.exec(`docker ps -q --no-trunc --filter label=com.docker.compose.service=${service}`)).trim();
  const inside = async (service: string, command: string) =>
    (await server.exec(`docker exec ${await idOf(service)} ${command}`)).trim();
  /** Files of the server, outside of Docker's own, that hold a text. */
  const holding = async (text: string) =>
    (
      await server.exec(`grep -rlF --exclude-dir=docker -e '${text}' /var/lib/berth /root /tmp /etc /var/log 2>/dev/null || true`)
    ).trim();

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = stage.folder;
    await stage.addTarget("web1", server);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    writeFileSync(
      join(app, "compose.yaml"),
      `services:
  web:
    image: "busybox:1.36"
    command: sleep 1000000
    environment: { PASSWORD: "\${DB_PASSWORD:?has to be set}", NAME: "\${BERTH_APP} on \${BERTH_TARGET}" }
    stop_grace_period: 1s
  filed:
    image: "busybox:1.36"
    command: sleep 1000000
    secrets: [key]
    stop_grace_period: 1s
  other: { image: "page:1", stop_grace_period: 1s }
secrets:
  key: { environment: TLS_KEY }
`,
    );
    await stage.berth.json(["app", "init", "shop"], { cwd: app });
  }, 120_000);
  afterAll(() => stage?.close());

  test("reach services by environment and as files, replace what uses them and nothing else, come back with a rollback, and leave nothing behind", async () => {
    await berth(["secret", "set", "DB_PASSWORD"], "first-canary-8a1b");
    await berth(["secret", "set", "TLS_KEY"], "key-canary-77c2");
    await berth(["variable", "set", "UNUSED"], "variable-canary-19f0");
    expect(JSON.parse((await berth(["variable", "get", "UNUSED"])).stdout).value).toBe("variable-canary-19f0");
    expect(resultOf(await berth(["deploy", "--yes"]))).toMatchObject({ status: "succeeded" });
    expect(await inside("web", "sh -c 'echo $PASSWORD'")).toBe("first-canary-8a1b");
    expect(await inside("web", "sh -c 'echo $NAME'")).toBe("shop on web1");
    expect(await inside("filed", "sh -c 'cat /run/secrets/key'")).toBe("key-canary-77c2");
    const before = { web: await idOf("web"), filed: await idOf("filed"), other: await idOf("other") };

    await berth(["secret", "set", "DB_PASSWORD"], "second-canary-31d7");
    const plan = JSON.parse((await berth(["plan"])).stdout);
    expect(plan.targets[0].plan.services).toMatchObject([
      { service: "filed", change: "keep" },
      { service: "other", change: "keep" },
      { service: "web", change: "replace" },
    ]);
    expect(resultOf(await berth(["deploy", "--plan", plan.hash]))).toMatchObject({ status: "succeeded" });
    expect(await inside("web", "sh -c 'echo $PASSWORD'")).toBe("second-canary-31d7");
    expect({ filed: await idOf("filed"), other: await idOf("other") }).toEqual({ filed: before.filed, other: before.other });

    expect(resultOf(await berth(["rollback"]))).toMatchObject({ status: "succeeded" });
    expect(await inside("web", "sh -c 'echo $PASSWORD'")).toBe("first-canary-8a1b");
    expect(await server.exec("ps -eo args")).not.toContain("canary");

    await stage.berth.json(["app", "remove", "shop", "--yes"]);
    for (const text of ["first-canary", "second-canary", "key-canary", "variable-canary"])
      expect(await holding(text), text).toBe("");
  });
});
