import { createServer, type Socket } from "node:net";
import { failures } from "@berth/domain/job/failure.ts";
import { within } from "@berth/domain/remote/deadline.ts";
import { generateKey } from "@berth/domain/remote/key.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import ssh2, { utils } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { createClock } from "../support/clock.ts";

const lasting = [
  "no answer to the key",
  "no answer to exec",
  "silence",
  "errors without end",
  "fields without end",
  "a line without end",
  "events without end",
  "new keys without end",
  "a window that is never opened again",
] as const;
const ending = ["an end without a word", "an end in the middle of the verdict", "an end after bytes that are no text"] as const;
type Manner = (typeof lasting)[number] | (typeof ending)[number] | "an answer when it is told to";

const over: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of over.splice(0)) await end();
});

/** An SSH server that lets everybody in and then behaves badly; it answers keepalives, so nothing else gives it away. */
async function hostile(manner: Manner) {
  const host = generateKey("host"); // the one that ssh2 makes cannot be read every few hundred times
  let open = 0;
  let keys = 0;
  const asked = Promise.withResolvers<() => void>();
  const server = new ssh2.Server({ hostKeys: [host.privateKey] }, (client) => {
    open++;
    client.on("close", () => open--);
    client.on("error", () => {});
    client.on("authentication", (auth) => {
      if (manner !== "no answer to the key") auth.accept();
    });
    // Each exchange is followed by the next one.
    const rekey = () => {
      keys++;
      client.rekey(() => setImmediate(rekey));
    };
    if (manner === "new keys without end") client.on("ready", rekey);
    client.on("session", (accept) => {
      accept().on("exec", (answer) => {
        if (manner === "no answer to exec") return;
        const channel = answer();
        channel.on("error", () => {});
        if (manner === "a window that is never opened again") return;
        channel.resume();
        if (manner === "silence" || manner === "new keys without end") return;
        if (manner === "an answer when it is told to") return asked.resolve(() => channel.write("berth 1 0\nr\tcode\t0\n.\n"));
        const last = {
          "an end without a word": "",
          "an end in the middle of the verdict": "berth 1 0\nr\tcode\t0\nr\tchanged\ttrue\n",
          "an end after bytes that are no text": Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * 7919) & 255)),
        }[manner as (typeof ending)[number]];
        if (last !== undefined) {
          channel.write(last);
          channel.exit(0);
          return void channel.end();
        }
        channel.write("berth 1 0\n");
        const flood = {
          "errors without end": "x".repeat(60_000),
          "fields without end": `${`r\tfact\t${"x".repeat(3000)}\n`.repeat(20)}`,
          "a line without end": "x".repeat(60_000),
          "events without end": `e\t1\tlog\t\t\t${"x".repeat(3000)}\n`.repeat(20),
        }[manner as "errors without end" | "fields without end" | "a line without end" | "events without end"];
        const out = manner === "errors without end" ? channel.stderr : channel;
        const pour = () => {
          while (!channel.destroyed && out.write(flood)) {}
          if (!channel.destroyed) out.once("drain", () => setImmediate(pour));
        };
        pour();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  over.push(() => new Promise((resolve) => server.close(() => resolve())));
  const parsed = utils.parseKey(host.publicKey);
  if (parsed instanceof Error) throw parsed;
  const { port } = server.address() as { port: number }; // a TCP server's address is an object
  return {
    address: { host: "127.0.0.1", port, user: "root", hostKey: parsed.getPublicSSH().toString("base64") },
    open: () => open,
    keys: () => keys,
    /** Once it was asked: what lets it answer. */
    answer: asked.promise,
  };
}

/** Time that passes twenty times as fast. */
const fast = {
  sleep: (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds / 20);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

test.each(lasting)("a real server's %s is ended by our own deadline, and the connection with it", async (manner) => {
  const { address, open, keys } = await hostile(manner);
  let events = 0;
  const asked = within(fast, 30, async (signal) => {
    const remote = await connectSsh(address, generateKey("x").privateKey, signal);
    try {
      // More than the window that a channel begins with.
      const files = manner === "a window that is never opened again" ? [{ path: "a", content: Buffer.alloc(4_000_000) }] : [];
      return await remote.run({ op: "check", job: "j", fence: 0, from: 0, files, values: {} }, () => events++, signal);
    } finally {
      await remote.close();
    }
  });
  const before = process.memoryUsage().rss;
  await expect(asked).rejects.toMatchObject({ class: "timeout" });
  expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  await expect.poll(open).toBe(0);
  expect(events > 0).toBe(manner === "events without end");
  expect(keys() > 1).toBe(manner === "new keys without end");
});

test("an answer in the last second is heard, and the deadline is then nobody's", async () => {
  const clock = createClock();
  const { address, open, answer } = await hostile("an answer when it is told to");
  const asked = within(clock, 30, async (signal) => {
    const remote = await connectSsh(address, generateKey("x").privateKey, signal);
    const exit = await remote.run({ op: "check", job: "j", fence: 0, from: 0, files: [], values: {} }, () => {}, signal);
    return { exit, remote, signal };
  });
  const say = await answer;
  await clock.advance(29);
  say();
  const { exit, remote, signal } = await asked;
  expect(exit.code).toBe(0);
  await clock.advance(60);
  expect(signal.aborted).toBe(false);
  await remote.close();
  await expect.poll(open).toBe(0);
});

/** What answers a port and is no SSH server. */
async function talker(speak: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
    speak(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  over.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as { port: number }; // a TCP server's address is an object
  return { port, open: () => sockets.size };
}

test.each([
  { name: "says nothing", speak: () => {} },
  { name: "greets and says no more", speak: (socket: Socket) => void socket.write("SSH-2.0-x\r\n") },
  {
    name: "never comes to the end of its greeting",
    speak: (socket: Socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write("x".repeat(60_000))) {}
        if (!socket.destroyed) socket.once("drain", () => setImmediate(pour));
      };
      pour();
    },
  },
  {
    name: "says lines before its greeting without end",
    speak: (socket: Socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write("hello\r\n".repeat(5000))) {}
        if (!socket.destroyed) socket.once("drain", () => setImmediate(pour));
      };
      pour();
    },
  },
])("what answers the port and $name is given up, for its host key and for a connection", async ({ speak }) => {
  const { port, open } = await talker(speak);
  const { address } = await hostile("silence");
  const before = process.memoryUsage().rss;
  const classes = ["timeout", "unreachable"];
  const given = (work: (signal: AbortSignal) => Promise<unknown>) =>
    within(fast, 30, work).then(
      () => "connected",
      (error) => error.class,
    );
  expect(classes).toContain(await given(() => scanHostKey("127.0.0.1", port)));
  expect(classes).toContain(await given((signal) => connectSsh({ ...address, port }, generateKey("x").privateKey, signal)));
  expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  await expect.poll(open).toBeLessThanOrEqual(1); // the look at the host key ends by ssh2's own limit, ten seconds
});

describe.each(["check", "deploy", "inspect", "cancel", "logs"] as const)("%s of a server", (op) => {
  test.each(ending)("that comes to %s is told as a class of the catalogue", async (manner) => {
    const { address, open } = await hostile(manner);
    const remote = await connectSsh(address, generateKey("x").privateKey);
    const values = { project: "shop-production", app_id: "a/b", run: "j", release: "1" };
    const ended = await remote
      .run({ op, job: "j", fence: 1, from: 0, files: [], values }, () => {})
      .then(
        (exit) => exit.class,
        (error) => error.class,
      );
    await remote.close();
    expect(Object.keys(failures)).toContain(ended);
    // Half a verdict is none: the run may go on.
    if (manner === "an end in the middle of the verdict") expect(ended).toBe("dropped");
    await expect.poll(open).toBe(0);
  });
});

test("a connection that is given up while it is being made is not left open", async () => {
  const { address, open } = await hostile("silence");
  const given = new AbortController();
  const connecting = connectSsh(address, generateKey("x").privateKey, given.signal);
  given.abort();
  await expect(connecting).rejects.toMatchObject({ class: "aborted" });
  await expect.poll(open).toBe(0);
});
