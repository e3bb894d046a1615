/** The local SSM with a stand-in host behind it as a managed server, reached by AWS's own clients. */

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { takeRole } from "@berth/aws/run-command.ts";
import type { Managed } from "@berth/domain/remote/ssm/command.ts";
import { type ConnectManaged, connectManaged } from "@berth/domain/remote/ssm/connect.ts";
import { enginesServer } from "@berth/local/cloud/engines.ts";
import { createRunCommand, type RunCommand } from "@berth/local/ssm/run-command.ts";
import { ssmService } from "@berth/local/ssm/wire.ts";
import { close, listen } from "@berth/local/state/server.ts";
import { createSts, type Sts } from "@berth/local/sts/sts.ts";
import { stsService } from "@berth/local/sts/wire.ts";
import { shellAgent } from "../support/agent.ts";
import type { Host } from "./host.ts";

export interface ManagedHost {
  readonly server: Managed;
  readonly connect: ConnectManaged;
  readonly commands: RunCommand;
  readonly sts: Sts;
  stop(): Promise<void>;
}

const account = "111122223333";
const clock = {
  now: () => new Date(),
  random: (bytes: number) => randomBytes(bytes),
  sleep: (ms: number, signal?: AbortSignal) =>
    sleep(ms, undefined, signal && { signal }).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    }),
};

export async function startManaged(host: Host): Promise<ManagedHost> {
  const server = {
    instance: "i-0123456789abcdef0",
    region: "eu-central-1",
    role: `arn:aws:iam::${account}:role/berth`,
    externalId: "ten_1",
  };
  const sts = createSts({ now: Date.now });
  const commands = createRunCommand();
  const { HOME: _, ...env } = host.env;
  commands.add({ id: server.instance, account, agent: shellAgent({ ...env, HOME: host.env.HOME ?? "" }) });
  sts.addRole({ arn: server.role, externalId: server.externalId });
  const engines = enginesServer(
    [ssmService(new Map(), commands, sts), stsService(sts)],
    () => new Response(""),
    (error) => {
      throw error;
    },
  );
  const { port } = await listen(engines, 0);
  const vars = { STAGE: "local", LOCAL_ENDPOINT: `http://127.0.0.1:${port}` };
  return {
    server,
    commands,
    sts,
    connect: connectManaged(clock, (managed) => takeRole(vars, managed)),
    stop: () => close(engines),
  };
}
