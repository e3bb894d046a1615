import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { RUN } from "@berth/domain/remote/request.ts";
import { door, serve } from "@berth/domain/remote/ssm/scripts.ts";
import { OUTPUT_MOST, PARAMETERS_MOST } from "@berth/local/ssm/run-command.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { shellAgent } from "../support/agent.ts";
import { asking, compose, deployOf, eventually, type Host, makeHost } from "./host.ts";
import { type ManagedHost, startManaged } from "./managed.ts";

let host: Host;
let managed: ManagedHost;
beforeEach(async () => {
  host = makeHost();
  managed = await startManaged(host);
});
afterEach(async () => {
  await managed.stop();
  host.remove();
});

const folders = () => readdirSync("/run").filter((name) => /^berth-[0-9a-f]{32}$/.test(name));
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .publicKey.export({ format: "der", type: "spki" })
  .toString("base64");
const CANARY = "canary-7b1f0c52d9";

async function deploy(input = deployOf("job_1")) {
  const remote = await managed.connect(managed.server);
  try {
    return await remote.run(asking(host, input), () => {});
  } finally {
    await remote.close();
  }
}

/** All that can be made of a text without a key: itself, what its base64 words say, and what those have packed. */
function readable(text: string): string {
  const words = (text.match(/[A-Za-z0-9+/]{16,}=*/g) ?? []).map((word) => Buffer.from(word, "base64"));
  const unpacked = words.map((bytes) => {
    try {
      return gunzipSync(bytes).toString("latin1");
    } catch {
      return "";
    }
  });
  return [text, ...words.map((bytes) => bytes.toString("latin1")), ...unpacked].join("\n");
}

test("nothing of files, logins or output can be read in the account's history of commands", async () => {
  host.set("up.lines", `${CANARY}\n`);
  const files = [
    { path: "compose.yaml", content: compose },
    { path: ".env", content: `SECRET=${CANARY}\n` },
  ];
  const logins = [{ registry: "ghcr.io", user: "mona", password: CANARY }];
  expect((await deploy(deployOf("job_1", { files, logins }))).code).toBe(0);
  expect(host.read("apps/shop-production/.env")).toContain(CANARY);
  const history = managed.commands.history();
  expect(history.length).toBeGreaterThan(3);
  const told = readable(JSON.stringify(history));
  expect(told).toContain("mktemp -d -t berth"); // what is no secret is found
  expect(told).not.toContain(CANARY);
  expect(told).not.toContain(Buffer.from(`mona:${CANARY}`).toString("base64"));
});

test("a shell reads the same text with every command, but for words of base64", async () => {
  const files = [{ path: "compose.yaml", content: `${compose}# $(touch /tmp/x) \`id\` ' "\n` }];
  expect((await deploy(deployOf("job_1", { files }))).code).toBe(0);
  for (const { Parameters } of managed.commands.history()) {
    const [words = "", script, ...more] = Parameters.commands ?? [];
    expect(words).toMatch(/^set -- (open|put|get|close)( [A-Za-z0-9+/=-]+)+$/);
    expect([script, more]).toEqual([door, []]);
  }
  const opening = (managed.commands.history()[0]?.Parameters.commands?.[0] ?? "").split(" ").slice(-2);
  expect(opening.map((word) => Buffer.from(word, "base64").toString())).toEqual([serve, RUN]);
});

test("every command stays within AWS's limits, however much there is to send and to say", async () => {
  const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251)).toString("base64");
  const random = execFileSync("head", ["-c", "200000", "/dev/urandom"]);
  host.set(
    "up.lines",
    `${execFileSync("head", ["-c", "90000", "/dev/urandom"])
      .toString("hex")
      .replaceAll(/.{200}/g, "$&\n")}\n`,
  );
  const files = [
    { path: "compose.yaml", content: compose },
    { path: "noise", content: noise },
    { path: "random", content: random },
  ];
  expect((await deploy(deployOf("job_1", { files }))).code).toBe(0);
  expect(execFileSync("cat", [`${host.home}/apps/shop-production/random`])).toEqual(random);
  for (const { Parameters, StandardOutputContent } of managed.commands.history()) {
    expect(Buffer.byteLength(JSON.stringify(Parameters))).toBeLessThan(PARAMETERS_MOST / 2);
    expect(StandardOutputContent.length).toBeLessThan(OUTPUT_MOST);
  }
});

test("what AWS slows down or does not know yet is asked for again, and the run goes on", async () => {
  for (const operation of ["SendCommand", "GetCommandInvocation"] as const)
    managed.commands.refuse({ operation, name: "ThrottlingException", calls: 3 });
  expect((await deploy()).code).toBe(0);
  expect(host.calls().filter((call) => / up /.test(call))).toHaveLength(1);
});

test("a server where the agent starts programs without a HOME, as systemd does, is deployed to", async () => {
  const { HOME: _, ...env } = host.env;
  managed.commands.add({ id: managed.server.instance, account: "111122223333", agent: shellAgent(env) });
  const remote = await managed.connect(managed.server);
  const exit = await remote.run({ op: "check", job: "c", fence: 0, from: 0, files: [], values: {} }, () => {});
  await remote.close();
  expect(exit.code, exit.message).toBe(0);
});

test("a server without openssl is told so, and nothing is sent to it", async () => {
  const agent = shellAgent(host.env);
  const without = "command() { case $2 in openssl) return 1 ;; esac }\n";
  managed.commands.add({
    id: managed.server.instance,
    account: "111122223333",
    agent: (script, signal) => agent(without + script, signal),
  });
  expect(await deploy()).toMatchObject({ code: 69, class: "tool.missing", message: "openssl is not installed" });
  expect(managed.commands.history()).toHaveLength(1);
});

test("nothing is left on the server of a channel that was closed", async () => {
  expect((await deploy()).code).toBe(0);
  const [, , , id = ""] = managed.commands.history()[0]?.Parameters.commands?.[0]?.split(" ") ?? [];
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  await eventually(() => !execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(id));
  expect(folders()).not.toContain(`berth-${id}`);
});

test("a worker that dies leaves a channel that hangs up by itself", async () => {
  const before = folders();
  await managed.connect(managed.server);
  const [left] = folders().filter((name) => !before.includes(name));
  expect(left).toBeDefined();
  execFileSync("touch", ["-d", "3 minutes ago", `/run/${left}/seen`]);
  await eventually(() => !folders().includes(left ?? ""));
});

test("a role that is not given, a server that AWS does not know and one that it has lost are told apart", async () => {
  const { server, connect, commands } = managed;
  await expect(connect({ ...server, externalId: "ten_2" })).rejects.toMatchObject({ class: "role.denied" });
  await expect(connect({ ...server, instance: "i-0123456789abcdef1" })).rejects.toMatchObject({ class: "agent.missing" });
  commands.ping(server.instance, "lost");
  await expect(connect(server)).rejects.toMatchObject({
    class: "agent.silent",
    message: expect.stringContaining("ConnectionLost"),
  });
});

test("a role that asks for no external id is not used: another tenant could name it", async () => {
  const { server, connect, commands, sts } = managed;
  sts.addRole({ arn: server.role });
  await expect(connect(server)).rejects.toMatchObject({ class: "role.open" });
  expect(commands.history()).toEqual([]);
});

test("more than a run may send by commands is refused before any of it is sent", async () => {
  const archives = { list: [{ hash: "a".repeat(64), bytes: 5 << 20 }], open: () => Promise.reject(new Error("it was read")) };
  const input = deployOf("job_1", { archives });
  const remote = await managed.connect(managed.server);
  await expect(remote.run(asking(host, input), () => {})).rejects.toMatchObject({ class: "ssm.too_much" });
  await remote.close();
});

/** A server that answers the commands of a channel as it likes. */
function lying(answers: Readonly<Record<string, string>>) {
  managed.commands.add({
    id: managed.server.instance,
    account: "111122223333",
    agent: async (script) => ({ code: 0, stderr: "", stdout: answers[script.split(" ")[2] ?? ""] ?? "" }),
  });
}

test.each([
  ["nothing", {}, "internal"],
  ["something else", { open: "hello\n" }, "internal"],
  ["no key", { open: `open ${Buffer.from("nonsense").toString("base64")}\n` }, "dropped"],
  ["a key of another kind", { open: `open ${rsa}\n` }, "dropped"],
] as const)("a server that says %s when a channel is opened is given up", async (_, answers, expected) => {
  lying(answers);
  const found = await deploy().then(
    (exit) => exit.class,
    (error) => error.class,
  );
  expect(found).toBe(expected);
});

test.each([
  ["more than it ever says", "out 999999999999999 0 -\n"],
  ["what nobody can open", `out 20 - ${Buffer.from("Salted__12345678nonsense").toString("base64")}\n`],
  ["a bomb of zeros", "out 20 - AAAA\n"],
  ["nothing", ""],
])("a server that tells %s has lost the line, and the worker lives", async (_, get) => {
  const { publicKey } = generateKeyPairSync("x25519");
  const own = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  lying({ open: `open ${own}\n`, put: "put\n", get });
  await expect(deploy()).rejects.toMatchObject({ class: "dropped" });
});
