/** A server without an open port for SSH, in the customer's own AWS account: all of it by SSM. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentOf } from "../lab/agent.ts";
import { visit } from "../lab/client.ts";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();
const INSTANCE = "i-0abc1234def567890";
const ACCOUNT = "111122223333";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/berth`;
const CANARY = "canary-f00d5ecret";

describe.skipIf(reason)(`a server that SSM manages${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const run = (...args: string[]) => stage.berth.run(args, { cwd: app });
  const deploy = () => run("deploy", "--app", "shop", "--target", "web2", "--json", "--yes");
  const write = (release: number) =>
    writeFileSync(
      join(app, "compose.yaml"),
      `services:\n  web:\n    image: page:${release}\n    ports: ["8080:80"]\n    environment: [SECRET]\n`,
    );

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    [server] = stage.lab.servers as unknown as [Server]; // one was asked for
    await server.stopSsh();
    for (const release of [1, 2]) await stage.lab.registry.push(`library/page:${release}`, pageImage(`page ${release}`));
    stage.cloud().runCommand.add({ id: INSTANCE, account: ACCOUNT, agent: agentOf(server) });
    app = join(stage.folder, "shop");
    mkdirSync(app);
    writeFileSync(join(app, ".env"), `SECRET=${CANARY}\n`);
    await stage.berth.json(["app", "init", "shop"], { cwd: app });
  }, 120_000);
  afterAll(() => stage?.close());

  test("is told what is missing until its role lets Berth in, with the commands that make the role", async () => {
    await stage.prove();
    const added = await run("target", "add", "web2", "--ssm", INSTANCE, "--region", "eu-central-1", "--role", ROLE);
    expect(added.code).toBe(1);
    expect(added.stdout).toContain("role.denied");
    const target = await stage.berth.json(["target", "show", "web2"]);
    const { account, externalId } = target.ssm;
    expect(added.stdout).toContain(`"AWS":"${account}"`);
    expect(added.stdout).toContain(`"sts:ExternalId":"${externalId}"`);
    expect(added.stdout).toContain("aws iam create-role --role-name berth ");
    stage.cloud().sts.addRole({ arn: ROLE, externalId: "another tenant's" });
    expect((await run("target", "check", "web2")).stdout).toContain("role.denied");
    stage.cloud().sts.addRole({ arn: ROLE, externalId });
    const checked = await run("target", "check", "web2");
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    expect(checked.stdout).toContain("web2 is ready");
  });

  test("is deployed to, shows logs and containers, and goes back to what it had", async () => {
    write(1);
    const first = await deploy();
    expect(resultOf(first), first.stderr + first.stdout).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("page 1");
    expect(await server.exec("docker inspect -f '{{json .Config.Env}}' shop-production-web-1")).toContain(`SECRET=${CANARY}`);
    write(2);
    const second = await deploy();
    expect(resultOf(second), second.stderr + second.stdout).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("page 2");
    await server.exec("docker exec shop-production-web-1 sh -c 'echo a line of web >/proc/1/fd/1'");
    const logs = await run("logs", "--app", "shop");
    expect(logs.stdout, logs.stderr).toContain("a line of web");
    const status = await run("app", "status", "shop");
    expect(status.stdout, status.stderr).toContain("running");
    const back = await run("rollback", "--app", "shop", "--json");
    expect(resultOf(back), back.stderr + back.stdout).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("page 1");
  });

  test("says what failed there as any server does, and serves on", async () => {
    const image = `${stage.lab.registry.address}/library/none:1`;
    writeFileSync(join(app, "compose.yaml"), `services:\n  web:\n    image: ${image}\n    ports: ["8080:80"]\n`);
    const ran = await deploy();
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toContain("image.not_found");
    expect(await visit(server)).toBe("page 1");
  });

  test("is told apart when its agent is lost", async () => {
    stage.cloud().runCommand.ping(INSTANCE, "lost");
    expect((await run("target", "check", "web2")).stdout).toContain("agent.silent");
    stage.cloud().runCommand.ping(INSTANCE, "online");
    expect((await run("target", "check", "web2")).code).toBe(0);
  });

  test("is left by the app and forgotten, with nothing of Berth running there and nothing to read in SSM's history", async () => {
    const removed = await run("app", "remove", "shop", "--yes", "--json");
    expect(resultOf(removed), removed.stderr + removed.stdout).toMatchObject({ status: "succeeded" });
    expect(await server.exec("docker ps -q")).toBe("");
    const forgotten = await run("target", "remove", "web2", "--yes");
    expect(forgotten.code, forgotten.stderr).toBe(0);
    expect(forgotten.stderr).toContain(ROLE);
    const history = JSON.stringify(stage.cloud().runCommand.history());
    expect(history).toContain("AWS-RunShellScript");
    expect(history).not.toContain(CANARY);
    expect(await server.exec("sleep 3; ls -d /run/berth-* 2>/dev/null || true")).toBe("");
  });
});
