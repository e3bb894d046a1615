import { execFileSync } from "node:child_process";
import type { Exit, Remote, RemoteError, RunEvent } from "@berth/domain/remote/remote.ts";
import { connectSsh } from "@berth/domain/remote/ssh.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asking, compose, deployOf, type Host, makeHost } from "./host.ts";
import { startManaged } from "./managed.ts";
import { startSshd, withoutSshd } from "./sshd.ts";

/** A way to reach a host. */
interface Door {
  connect(): Promise<Remote>;
  /** Loses what is open, as a network does. */
  drop(): void;
  stop(): Promise<void>;
}

const noSshd = withoutSshd();
const doors: Record<string, { readonly without: string | undefined; readonly open: (host: Host) => Promise<Door> }> = {
  SSH: {
    without: noSshd,
    async open(host) {
      const sshd = await startSshd(host);
      return { connect: () => connectSsh(sshd.address, sshd.key.privateKey), drop: sshd.drop, stop: sshd.stop };
    },
  },
  SSM: {
    without: undefined,
    async open(host) {
      const managed = await startManaged(host);
      const drop = () => managed.commands.refuse({ operation: "GetCommandInvocation", name: "InvalidPluginName", calls: 1 });
      return { connect: () => managed.connect(managed.server), drop, stop: managed.stop };
    },
  },
};

describe.each(Object.entries(doors))("a server over %s", (_name, { without, open }) => {
  let host: Host;
  let door: Door;
  let jobs = 0;
  const newJob = () => `job_${++jobs}`;
  beforeAll(async () => {
    host = makeHost();
    if (!without) door = await open(host);
  });
  afterAll(async () => {
    await door?.stop();
    host?.remove();
  });

  async function run(input: ReturnType<typeof deployOf>): Promise<{ exit: Exit; events: RunEvent[] }> {
    const events: RunEvent[] = [];
    const remote = await door.connect();
    try {
      return { exit: await remote.run(input, (event) => events.push(event)), events };
    } finally {
      await remote.close();
    }
  }

  test.skipIf(without)("is deployed to, whatever the files are called and hold, byte for byte", async () => {
    const hostile = "$(touch CANARY) '\"; touch CANARY\n`touch CANARY` ünï 🚢";
    const files = [
      { path: "compose.yaml", content: compose },
      { path: hostile.replaceAll("/", ""), content: hostile },
      { path: ".env", content: `A=${hostile}` },
    ];
    const { exit, events } = await run(asking(host, deployOf(newJob(), { files })));
    expect(exit.code).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "result", data: exit });
    expect(execFileSync("cat", [`${host.home}/apps/shop-production/${hostile}`], { encoding: "utf8" })).toBe(hostile);
    expect(execFileSync("find", [host.home, "/root", "/run", "-xdev", "-name", "CANARY"], { encoding: "utf8" })).toBe("");
  });

  test.skipIf(without)(
    "whose line is lost in the middle of a run goes on, and is attached to at the offset: the work is done once",
    async () => {
      host.set("ups", "");
      host.set("up.seconds", "1.5");
      host.set("up.lines", "one\ntwo\n");
      const input = asking(host, deployOf(newJob()));
      const seen: RunEvent[] = [];
      const remote = await door.connect();
      const lost = remote.run(input, (event) => {
        seen.push(event);
        if (event.step === "start" && event.text === "two") door.drop();
      });
      await expect(lost).rejects.toMatchObject({ class: "dropped" } satisfies Partial<RemoteError>);
      await remote.close();
      await expect(remote.run(input, () => {})).rejects.toMatchObject({ class: "dropped" });
      const last = seen.at(-1)?.seq ?? 0;
      const { exit, events } = await run({ ...input, from: last });
      expect(exit.code).toBe(0);
      expect([...seen, ...events].map((event) => event.seq)).toEqual([...seen, ...events].map((_, index) => index + 1));
      expect(host.read("../fake/ups")).toBe("up\n");
      host.set("up.seconds", "0");
      host.set("up.lines", "");
    },
  );

  test.skipIf(without)("can be left by its caller without ending the run", async () => {
    host.set("up.seconds", "1");
    const input = asking(host, deployOf(newJob()));
    const remote = await door.connect();
    const leaving = new AbortController();
    const left = remote.run(input, ({ step }) => step === "start" && leaving.abort(), leaving.signal);
    await expect(left).rejects.toMatchObject({ class: "aborted" });
    await remote.close();
    expect((await run(input)).exit.code).toBe(0);
    host.set("up.seconds", "0");
  });

  test.skipIf(without)("may print a great deal: no event is lost or out of order", async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${"漢".repeat(100)}`);
    host.set("up.lines", `${lines.join("\n")}\n${"x".repeat(9_000)}\n`);
    const { exit, events } = await run(asking(host, deployOf(newJob())));
    host.set("up.lines", "");
    expect(exit.code).toBe(0);
    const told = events.filter((event) => event.type === "log" && /^\d+ /u.test(event.text ?? "")).map((event) => event.text);
    expect(told).toEqual([...lines, ...lines]);
    expect(Math.max(...events.map((event) => event.text?.length ?? 0))).toBeLessThanOrEqual(4_096);
  });
});
