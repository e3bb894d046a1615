import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { busyboxImage, pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const service = (image: string, more = "") => `services:\n  web:\n    image: ${image}\n    ports: ["8080:80"]\n${more}`;

describe.skipIf(reason)(`what goes wrong on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const deploy = (compose: string, values: Record<string, string> = {}) =>
    runOn(server, deployOf(9, compose, { values: { settle_seconds: "1", ...values } }));
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await Promise.all([
      lab.registry.push("library/page:1", pageImage("page 1")),
      lab.registry.push("library/ends:1", pageImage("the shop", { ends: 3 })),
      lab.registry.push("library/busybox:1", busyboxImage()),
      lab.registry.push("library/foreign:1", { ...busyboxImage(), architecture: "s390x" }),
    ]);
    expect((await runOn(server, deployOf(1, service("page:1"), { values: { settle_seconds: "1" } }))).exit.code).toBe(0);
  });
  afterAll(() => lab?.close());
  // How long a release that fails is looked at, which on a busy machine is not soon; one that holds would be looked at as long.
  const patient = { settle_seconds: "120" };

  const same = async () => expect(await visit(server)).toBe("page 1");

  test("a file that Compose does not accept", async () => {
    const { exit } = await deploy("services:\n  web:\n    image: page:1\n    colour: red\n");
    expect(exit).toMatchObject({
      class: "compose.invalid",
      step: "preflight",
      changed: false,
      message: expect.stringContaining("colour"),
    });
    await same();
  });

  test("an image that does not exist in a registry that answers", async () => {
    const { exit } = await deploy(service(`${lab.registry.address}/library/page:9`));
    expect(exit).toMatchObject({ class: "image.not_found", step: "pull", changed: false });
    await same();
  });

  test("a registry that does not answer", async () => {
    const { exit } = await deploy(service(`${lab.registry.address.replace(/:5000$/u, ":5999")}/page:1`));
    expect(exit).toMatchObject({ class: "registry.unavailable", step: "pull", changed: false });
    await same();
  });

  test("an image for another processor", async () => {
    expect((await deploy(service("foreign:1"))).exit).toMatchObject({ class: "arch.mismatch", changed: false });
    await same();
  });

  test("a container that ends at once: its last words are told and the old release is back", async () => {
    const { exit } = await deploy(service("ends:1"), patient);
    expect(exit).toMatchObject({ class: "start.failed", service: "web", changed: true, rolledBack: true });
    expect(exit.log).toContain("cannot find its database");
    await same();
  });

  test("a container that ends again and again, though it is restarted", async () => {
    const { exit } = await deploy(service("ends:1", "    restart: always\n"), patient);
    expect(exit).toMatchObject({ class: "start.failed", service: "web", rolledBack: true });
    await same();
  });

  test("a port that a program has, found before anything is stopped", async () => {
    await server.exec("busybox httpd -p 9090 -h /tmp");
    const { exit } = await deploy(service("page:1").replace("8080:80", "9090:80"));
    expect(exit).toMatchObject({ class: "port.taken", step: "preflight", changed: false });
    expect(exit.message).toMatch(/^Port 9090\/tcp, which web publishes, is in use by busybox \(process \d+\)$/u);
    await same();
  });

  test("a port and a name that another app's container has, and its own are no hindrance", async () => {
    const other = { project: "other-production", app_id: "ten_1/app_2", settle_seconds: "1" };
    const { exit } = await runOn(server, deployOf(1, service("page:1"), { values: other }));
    expect(exit).toMatchObject({
      class: "port.taken",
      changed: false,
      message:
        "Port 8080/tcp, which web publishes, is in use by the container shop-production-web-1 (service web of the project shop-production, deployed by Berth)",
    });
    const named = service("page:1", "    container_name: shop-production-web-1\n").replace("8080", "8083");
    expect((await runOn(server, deployOf(1, named, { values: other }))).exit).toMatchObject({
      class: "name.taken",
      changed: false,
      message: "The name shop-production-web-1 is in use by a container of the project shop-production, deployed by Berth",
    });
    await same();
  });

  test.each([
    ["network", "    networks: [ext]\nnetworks:\n  ext:\n    external: true\n    name: nowhere\n"],
    ["volume", "    volumes: ['ext:/x']\nvolumes:\n  ext:\n    external: true\n    name: nowhere\n"],
  ])("an external %s that is not there", async (kind, more) => {
    const { exit } = await deploy(service("page:1", more));
    expect(exit).toMatchObject({ class: `${kind}.missing`, step: "preflight", changed: false });
    expect(exit.message).toContain(`The ${kind} nowhere does not exist`);
    await same();
  });

  test.each([
    ["whose certificate nobody has signed", "-addext subjectAltName=IP:$(hostname -I | cut -d' ' -f1)"],
    ["whose certificate is another's", ""],
  ])("a registry %s", async (_, names) => {
    await server.exec(
      `openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=registry ${names} -keyout /tmp/key.pem -out /tmp/cert.pem 2>/dev/null
       openssl s_server -accept 5443 -cert /tmp/cert.pem -key /tmp/key.pem -www >/dev/null 2>&1 & echo $! >/tmp/registry.pid
       until openssl s_client -connect 127.0.0.1:5443 </dev/null >/dev/null 2>&1; do sleep 0.1; done`,
    );
    const { exit } = await deploy(service(`${server.host}:5443/page:1`));
    await server.exec("kill $(cat /tmp/registry.pid)");
    expect(exit).toMatchObject({
      class: "registry.untrusted",
      step: "pull",
      changed: false,
      message: expect.stringContaining("x509"),
    });
    await same();
  });

  test.each([
    [
      "that is full",
      "disk.full",
      "mount -t tmpfs -o size=64k tmpfs /var/lib/berth; dd if=/dev/zero of=/var/lib/berth/full bs=1k count=64 2>/dev/null || true",
      "umount /var/lib/berth",
    ],
    ["that cannot be written", "folder.denied", "mount -t tmpfs -o ro tmpfs /var/lib/berth", "umount /var/lib/berth"],
    [
      "with something else in the place of its lock",
      "files.failed",
      "mv /var/lib/berth/lock /var/lib/berth/off && mkdir /var/lib/berth/lock",
      "rmdir /var/lib/berth/lock && mv /var/lib/berth/off /var/lib/berth/lock",
    ],
  ])("a folder of Berth's %s", async (_, failure, before, after) => {
    await server.exec(before);
    const { exit } = await deploy(service("page:1"));
    await server.exec(after);
    expect(exit).toMatchObject({ class: failure, changed: false });
    await same();
  });

  test("a service that is not done when the time of its run is over", async () => {
    const slow = "  setup:\n    image: busybox:1\n    command: ['sleep', '600']\n";
    const needs = "    depends_on:\n      setup: {condition: service_completed_successfully}\n";
    const { exit } = await deploy(`${service("page:1", needs)}${slow}`, { wait_seconds: "2" });
    expect(exit).toMatchObject({ class: "timeout", rolledBack: true });
    await same();
  });

  test("a folder to mount that is not there", async () => {
    const mount = "    volumes:\n      - {type: bind, source: /nowhere, target: /x, bind: {create_host_path: false}}\n";
    const { exit } = await deploy(service("page:1", mount));
    expect(exit).toMatchObject({ class: "mount.missing", rolledBack: true });
    expect(exit.message).toContain("bind source path does not exist: /nowhere");
    await same();
  });

  test("a service that never was, is taken down again when the first release of an app fails", async () => {
    const project = { project: "other-production", app_id: "ten_1/app_2" };
    const { exit } = await deploy(service("ends:1").replace("8080", "8081"), { ...project, ...patient });
    expect(exit).toMatchObject({ class: "start.failed", changed: true, rolledBack: false });
    expect(await server.exec("docker ps -aq --filter label=com.docker.compose.project=other-production")).toBe("");
  });

  test("a service that has done its work and ended well is no failure", async () => {
    const job = "  setup:\n    image: busybox:1\n    command: ['true']\n";
    const { exit, events } = await deploy(`${service("page:1")}${job}`);
    expect(exit).toMatchObject({ code: 0 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "health", service: "setup", text: expect.stringContaining("Exited (0)") }),
    );
    await same();
  });

  test.each([
    [
      "a Docker daemon that is down",
      "docker.down",
      "kill $(cat /run/docker.pid); while test -e /run/docker.pid; do sleep 0.05; done",
      "true",
    ],
    [
      "no Docker",
      "docker.missing",
      "for p in /usr/local/bin/docker /usr/bin/docker; do if test -e $p; then mv $p $p.off; fi; done",
      "for p in /usr/local/bin/docker /usr/bin/docker; do if test -e $p.off; then mv $p.off $p; fi; done",
    ],
    [
      "no Compose",
      "compose.missing",
      "mv /usr/libexec/docker/cli-plugins/docker-compose /usr/libexec/docker/off",
      "mv /usr/libexec/docker/off /usr/libexec/docker/cli-plugins/docker-compose",
    ],
    ["no flock", "tool.missing", "mv /usr/bin/flock /usr/bin/flock.off", "mv /usr/bin/flock.off /usr/bin/flock"],
    ["no tar", "tool.missing", "mv $(readlink -f /bin/tar) /tmp/tar", "mv /tmp/tar /usr/bin/tar"],
  ])("%s is told by its class, by a check too", async (_, failure, before, after) => {
    await server.exec(before);
    const { exit } = await deploy(service("page:1"));
    const check = await runOn(server, { op: "check", job: "check", fence: 0, from: 0, files: [], values: {} });
    await server.exec(after);
    expect(exit).toMatchObject({ class: failure, step: "preflight", changed: false });
    expect(check.exit).toMatchObject({ code: 69, class: failure });
  });
});
