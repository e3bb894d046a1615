import { get } from "@berth/domain/query.ts";
import { type Remote, RemoteError } from "@berth/domain/remote/remote.ts";
import { unredacted } from "@berth/domain/secret/redact.ts";
import { connectionTo } from "@berth/domain/target/connection.ts";
import { StoredTarget, targetKey } from "@berth/domain/target/target.ts";
import { afterAll, expect, test } from "vitest";
import { succeeded } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

/** A target and how many connections to it were made and closed. */
async function counted(connect?: () => Promise<Remote>) {
  const tenant = await testTenant(t);
  const { id } = await tenant.target();
  const target = StoredTarget.parse(await get(tenant.system, targetKey(tenant.system, id)));
  const counts = { made: 0, closed: 0 };
  const reach = {
    resolve: (host: string) => Promise.resolve(host),
    scan: () => Promise.reject(new Error("nothing asks for the host key")),
    letIn: () => Promise.reject(new Error("nothing has a password")),
    connectManaged: () => Promise.reject(new Error("nothing is managed by SSM")),
    connect: () => {
      counts.made++;
      const close = async () => void counts.closed++;
      return connect?.() ?? Promise.resolve({ run: () => Promise.resolve(succeeded()), close });
    },
  };
  return { target, counts, line: (to = target) => connectionTo(tenant.system, to, reach) };
}

test("a connection that was made ahead and that nobody needed is closed", async () => {
  const { counts, line } = await counted();
  await line().close();
  expect(counts).toEqual({ made: 1, closed: 1 });
});

test("the first use takes the connection made ahead, each later one makes its own, and all are closed at the end", async () => {
  const { counts, line } = await counted();
  const made = line();
  for (let i = 0; i < 3; i++) await made.use(unredacted, () => Promise.resolve());
  await expect(made.use(unredacted, () => Promise.reject(new Error("work")))).rejects.toThrow("work");
  await made.close();
  expect(counts).toEqual({ made: 4, closed: 4 });
});

test("to a target whose host key nobody confirmed no connection is made ahead", async () => {
  const { target, counts, line } = await counted();
  const { hostKey: _hostKey, ...untrusted } = target;
  await line(untrusted).close();
  expect(counts.made).toBe(0);
});

test("what could not be connected ahead is told to whoever uses it, and to nobody else", async () => {
  const refused = () => Promise.reject(new RemoteError("refused", "nobody listens"));
  const { line } = await counted(refused);
  await line().close();
  const used = line();
  await new Promise((resolve) => setImmediate(resolve));
  await expect(used.use(unredacted, () => Promise.resolve())).rejects.toThrow("nobody listens");
  await used.close();
});
