import { createServer } from "node:net";
import { generateKey } from "@berth/domain/remote/key.ts";
import { connectSsh } from "@berth/domain/remote/ssh.ts";
import { afterAll, beforeAll, describe, test } from "vitest";
import { asking, deployOf, type Host, makeHost, runOn } from "./host.ts";
import { type Sshd, startRelay, startSshd, withoutSshd } from "./sshd.ts";

const reason = withoutSshd();

describe.skipIf(reason)(`a line that goes dead${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let host: Host;
  let sshd: Sshd;
  beforeAll(async () => {
    host = makeHost();
    host.set("up.seconds", "30");
    sshd = await startSshd(host);
  });
  afterAll(async () => {
    await runOn(host, deployOf("job_1", { op: "cancel", values: { run: "job_1" } }));
    await sshd?.stop();
    host?.remove();
  });

  test.concurrent("in the middle of a run is noticed within twenty seconds, though nothing says so", async ({ expect }) => {
    const relay = await startRelay(sshd.address.port);
    const remote = await connectSsh({ ...sshd.address, port: relay.port }, sshd.key.privateKey);
    const lost = remote.run(asking(host, deployOf("job_1")), (event) => {
      if (event.step === "start") relay.silence();
    });
    await expect(lost).rejects.toMatchObject({ class: "dropped" });
    await remote.close();
    await relay.close();
  });

  test.concurrent("before the server has spoken is a time-out after ten seconds", async ({ expect }) => {
    const mute = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number }; // a TCP server's address is an object
    const began = Date.now();
    await expect(connectSsh({ ...sshd.address, port }, generateKey("x").privateKey)).rejects.toMatchObject({ class: "timeout" });
    expect(Date.now() - began).toBeGreaterThan(9_000);
    mute.close();
  });
});
