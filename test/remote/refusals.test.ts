import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { deployOf, type Host, makeHost, runOn } from "./host.ts";

const hosts: Host[] = [];
function host(): Host {
  const made = makeHost();
  hosts.push(made);
  return made;
}
afterEach(() => {
  for (const made of hosts.splice(0)) made.remove();
});

const check = { op: "check", job: "c", fence: 0, from: 0, files: [], values: {} } as const;
const publishing = (port: number | string, more = "") => `name: x
services:
  web:
${more}    image: page:1
    ports:
      - mode: ingress
        target: 80
        published: "${port}"
        protocol: tcp
`;
/** A line of all containers: id, project, service, state, name, owner, ports. */
const container = (project: string, ports: string, owner = "", name = `${project}-web-1`) =>
  `${["9", project, "web", "running", name, owner, ports].join("\t")}\n`;
const changing = (made: Host) => made.calls().filter((call) => / (?:pull|up|down) /u.test(call) && !call.includes("config"));

describe("a user who may not use Docker", () => {
  test("is told so, in Docker's own words, by a check and by a deploy", async () => {
    const made = host();
    const said = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get ...";
    made.set("down", "");
    made.set("denied", `${said}\n`);
    for (const input of [check, deployOf("job_1")]) {
      const { exit } = await runOn(made, input);
      expect(exit).toMatchObject({ class: "docker.denied", data: { user: expect.any(String) } });
      expect(exit?.message).toContain("may not use Docker");
      expect(exit?.message).toContain(said);
    }
  });
});

describe("what Compose and Docker say", () => {
  test("is kept whole, without progress, in every version's words", async () => {
    const made = host();
    made.set("up.status", "1");
    const explanation = [
      'Error response from daemon: failed to create task for container: exec: "/start.sh": permission denied: unknown',
      "See the manual of that runtime",
    ];
    for (const [job, lines] of [
      [1, [" Container shop-web-1  Recreate", " Container shop-web-1  Error", ...explanation]],
      [2, [" Container shop-web-1 Creating ", 'time="2026-01-01T00:00:00Z" level=warning msg="it is obsolete"', ...explanation]],
    ] as const) {
      made.set("up.lines", `${lines.join("\n")}\n`);
      const { exit } = await runOn(made, deployOf(`job_${job}`, { fence: job }));
      expect(exit).toMatchObject({ class: "start.failed", message: explanation.join("\n") });
    }
  });

  test.each([
    ["web Pulling ", "web Error manifest unknown", "Error response from daemon: manifest unknown"],
    ["Image web:1 Pulling ", "Image web:1 Error manifest unknown", "Error response from daemon: manifest unknown"],
    ["Image redis:7 Skipped Image is already present locally", "Error response from daemon: manifest unknown"],
  ])("is told once, where Compose says it of a service or an image and then again: %s", async (...lines) => {
    const made = host();
    made.set("pull.status", "1");
    made.set("pull.lines", lines.map((line) => ` ${line}\n`).join(""));
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ class: "image.not_found", message: "Error response from daemon: manifest unknown" });
  });

  test("keeps what is said of one image and not of all", async () => {
    const made = host();
    made.set("pull.status", "1");
    made.set(
      "pull.lines",
      " Image a:1 Error manifest unknown\n Image b:1 Error no route\nError response from daemon: no route\n",
    );
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit?.message).toBe("Error response from daemon: no route\na:1: manifest unknown");
  });

  test.each([
    [
      "Container shop-web-1 Error response from daemon: invalid config for network x:\nuser specified IP address is not supported",
      "Error response from daemon: invalid config for network x:\nuser specified IP address is not supported",
    ],
    [
      "Network shop_default Error Error response from daemon: invalid network config:\ninvalid subnet 10.300.0.0/16",
      "failed to create network shop_default: Error response from daemon: invalid network config:\ninvalid subnet 10.300.0.0/16",
    ],
    ["Container shop-db-1 Error dependency db failed to start", "dependency failed to start: container shop-db-1 is unhealthy"],
    ["Container shop-db-1 Error no", "no"],
  ])("is told once and in order, where Compose says it of a container or a network and then again: %s", async (first, again) => {
    const made = host();
    made.set("up.status", "1");
    made.set("up.lines", ` Container shop-web-1 Creating \n ${first}\n${again}\n`);
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ changed: true, message: again });
  });

  test("has no number of 64 digits where twelve name the same", async () => {
    const made = host();
    made.set("up.status", "1");
    made.set("up.lines", `Error response from daemon: endpoint x (${"ab".repeat(32)}) of image@sha256:${"cd".repeat(32)}\n`);
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit?.message).toContain(`endpoint x (${"ab".repeat(6)}) of image@sha256:${"cd".repeat(32)}`);
  });

  test.each([
    ["port.taken", "failed to bind host port for 0.0.0.0:8082:172.17.0.2:80/tcp: address already in use"],
    ["port.taken", "Bind for 0.0.0.0:8080 failed: port is already allocated"],
    ["name.taken", 'Conflict. The container name "/fixed" is already in use by container "ab"'],
    ["mount.missing", 'invalid mount config for type "bind": bind source path does not exist: /nope'],
    ["network.missing", "network realnet declared as external, but could not be found"],
    ["volume.missing", 'external volume "vol" not found'],
    ["disk.full", "write /var/lib/docker/x: no space left on device"],
  ])("names the cause %s by any version's words: %s", async (kind, words) => {
    const made = host();
    made.set("up.status", "1");
    made.set("up.lines", `Error response from daemon: ${words}\n`);
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ class: kind, changed: true, message: `Error response from daemon: ${words}` });
  });

  test.each([
    [
      "registry.untrusted",
      'Get "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    ["registry.untrusted", 'Get "https://r/v2/": http: server gave HTTP response to HTTPS client'],
    ["registry.unavailable", 'Get "https://r/v2/": dial tcp: connect: connection refused'],
  ])("tells a registry that needs %s", async (kind, words) => {
    const made = host();
    made.set("pull.status", "1");
    made.set("pull.lines", `Error response from daemon: ${words}\n`);
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: kind, changed: false });
  });
});

describe("before anything is stopped or pulled", () => {
  const refused = async (made: Host, config: string) => {
    made.set("config", config);
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ step: "preflight", changed: false });
    expect(changing(made)).toEqual([]);
    return exit;
  };

  test.each([
    ["0.0.0.0:8080->80/tcp, :::8080->80/tcp", 8080],
    ["0.0.0.0:8080->80/tcp, [::]:8080->80/tcp", 8080],
    ["0.0.0.0:8079-8081->79-81/tcp", 8080],
    ["127.0.0.1:8080->80/tcp", 8080],
  ])("a port that another container has (%s) is refused, and its holder is named", async (ports, port) => {
    const made = host();
    made.set("all", container("blog-production", ports, "ten_1/app_2"));
    expect(await refused(made, publishing(port))).toMatchObject({
      class: "port.taken",
      service: "web",
      message:
        "Port 8080/tcp, which web publishes, is in use by the container blog-production-web-1 (service web of the project blog-production, deployed by Berth)",
    });
  });

  test("a port that a program listens on is refused, and the program is named", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const exit = await refused(host(), publishing(port));
    server.close();
    expect(exit).toMatchObject({ class: "port.taken" });
    expect(exit?.message).toContain(`Port ${port}/tcp, which web publishes, is in use by `);
    expect(exit?.message).toContain(`(process ${process.pid})`);
  });

  test("a port of a program that may be the app's own, on the server's network until now, is no reason to refuse", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const made = host();
    made.set("all", container("shop-production", "").replace("\n", "\thost\n"));
    made.set("config", publishing(port));
    const { exit } = await runOn(made, deployOf("job_1"));
    server.close();
    expect(exit).toMatchObject({ code: 0 });
  });

  test("a port on all addresses of a program that listens for both families is refused", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "::", resolve));
    const { port } = server.address() as { port: number };
    const exit = await refused(host(), publishing(port));
    server.close();
    expect(exit).toMatchObject({ class: "port.taken" });
  });

  test.each([
    ["of the app itself", container("shop-production", "0.0.0.0:8080->80/tcp"), publishing(8080)],
    ["with another protocol", container("blog", "0.0.0.0:8080->80/udp"), publishing(8080)],
    [
      "on another address",
      container("blog", "10.0.0.1:8080->80/tcp"),
      publishing(8080).replace("        target", "        host_ip: 127.0.0.1\n        target"),
    ],
    ["that is not published", container("blog", "8080/tcp"), publishing(8080)],
    ["of a container that does not run", container("blog", "").replace("running", "exited"), publishing(8080)],
    ["out of a range", container("blog", "0.0.0.0:8080->80/tcp"), publishing("8080-8090")],
    [
      "of a service that has the server's own network",
      container("blog", "0.0.0.0:8080->80/tcp"),
      publishing(8080, "    network_mode: host\n"),
    ],
  ])("a port %s is no reason to refuse", async (_, all, config) => {
    const made = host();
    made.set("all", all);
    made.set("config", config);
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ code: 0 });
  });

  test("a container name that another project has is refused, and the project is named", async () => {
    const made = host();
    made.set("all", container("blog", "", "", "fixed"));
    expect(await refused(made, publishing("", "    container_name: fixed\n"))).toMatchObject({
      class: "name.taken",
      message: "The name fixed is in use by a container of the project blog",
    });
    made.set("all", container("shop-production", "", "", "fixed"));
    expect((await runOn(made, deployOf("job_2", { fence: 2 }))).exit).toMatchObject({ code: 0 });
  });

  test.each(["network", "volume"])("an external %s that does not exist is refused, and one that does is not", async (kind) => {
    const made = host();
    const use =
      kind === "network"
        ? "    networks:\n      ext: null\n"
        : "    volumes:\n      - type: volume\n        source: ext\n        target: /x\n";
    const config = `name: x\nservices:\n  web:\n    image: page:1\n${use}${kind}s:\n  ext:\n    name: real\n    external: true\n`;
    expect(await refused(made, config)).toMatchObject({ class: `${kind}.missing`, message: expect.stringContaining("real") });
    made.set("external", "real");
    expect((await runOn(made, deployOf("job_2", { fence: 2 }))).exit).toMatchObject({ code: 0 });
  });
});

describe("a file of ours that cannot be written", () => {
  test("because something else is in its place, is no full disk", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    mkdirSync(`${made.home}/apps/shop-production/conf`);
    writeFileSync(`${made.home}/apps/shop-production/conf/own.txt`, "");
    const files = [
      { path: "compose.yaml", content: "services:\n  web:\n    image: page:1\n" },
      { path: "conf", content: "a=1\n" },
    ];
    const { exit } = await runOn(made, deployOf("job_2", { fence: 2, files, values: { release: "2" } }));
    expect(exit?.class).toBe("files.conflict");
    expect(exit?.message).toContain("conf");
  });

  test.skipIf(process.getuid?.() !== 0)("because the user may not, names the folder and no full disk", async () => {
    const made = host();
    chmodSync(dirname(made.home), 0o755);
    const { exit } = await runOn(made, deployOf("job_1"), ["setpriv", "--reuid=65534", "--clear-groups", "/bin/sh"]);
    expect(exit).toMatchObject({ class: "folder.denied", changed: false });
    expect(exit?.message).toContain(made.home);
  });
});
