/** Every kind of user, Docker and address that servers are reached by. */
import { checkAddress } from "@berth/domain/remote/address.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { installDeps } from "./deps.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, puller, startLab } from "./lab.ts";
import type { Server } from "./server.ts";
import { until } from "./until.ts";

const reason = available();
const page = (release: number, port: number) => `services:
  web:
    image: page:${release}
    ports: ["${port}:80"]
    volumes: ["./data:/data"]
    healthcheck: { test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/"], interval: 1s, retries: 20 }
`;

describe.skipIf(reason)(`a server that is reached in another way${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    installDeps(["sudo", "rootlesskit", "slirp4netns", "newuidmap"]);
    lab = await startLab({ servers: 1, locked: true });
    server = lab.servers[0]!; // one was asked for
    await Promise.all([1, 2].map((release) => lab.registry.push(`library/page:${release}`, pageImage(`page ${release}`))));
  });
  afterAll(() => lab?.close());

  const addUser = (name: string, more = "") =>
    server.exec(
      `useradd --create-home --shell /bin/bash --password '*' ${more} ${name}
       cp -r /root/.ssh /home/${name}/ && chown -R ${name} /home/${name}/.ssh`,
    );
  const check = (at: Server) => runOn(at, { op: "check", job: "check", fence: 0, from: 0, files: [], values: {} });

  /** From the first release to the last trace, as it is done everywhere. */
  async function lives(at: Server, project: string, port: number): Promise<void> {
    const values = { project, app_id: `ten_1/${project}`, settle_seconds: "0", wait_seconds: "60" };
    const deploy = (release: number, more: Record<string, string> = {}) =>
      runOn(at, deployOf(release, page(release, port), { values: { ...values, ...more } }));
    const ask = async (input: Pick<RunInput, "op"> & Partial<RunInput>) =>
      runOn(at, { job: "asks", fence: 0, from: 0, files: [], ...input, values: { ...values, ...input.values } });
    expect((await check(at)).exit).toMatchObject({ code: 0 });
    expect((await deploy(1)).exit).toMatchObject({ code: 0 });
    expect(await visit(server, port)).toBe("page 1");
    expect((await deploy(2)).exit).toMatchObject({ code: 0 });
    expect(await visit(server, port)).toBe("page 2");
    const seen = (await ask({ op: "inspect" })).exit.containers;
    expect(seen?.items).toMatchObject([{ service: "web", state: "running", health: "healthy" }]);
    const told = await ask({ op: "logs", values: { tail: "5" } });
    expect(told.exit).toMatchObject({ code: 0 });
    expect((await deploy(1, { pull: "missing" })).exit).toMatchObject({ code: 0 });
    expect(await visit(server, port)).toBe("page 1");
    const { job, fence } = deployOf(1, "");
    const removed = await runOn(at, { op: "remove", job, fence, from: 0, files: [], values: { ...values, volumes: "delete" } });
    expect(removed.exit).toMatchObject({ code: 0 });
    expect((await ask({ op: "inspect" })).exit.containers?.items).toEqual([]);
  }

  test("as a user who becomes root without a password: everything is root's, and stays so when the user may use Docker", async () => {
    await addUser("admin", "--groups sudo");
    const admin = { ...server, user: "admin" };
    expect((await check(admin)).exit).toMatchObject({ class: "sudo.password", data: { user: "admin" } });
    await server.exec("echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/berth");
    expect((await check(admin)).exit.data).toMatchObject({ root: "true", user: "root" });
    await lives(admin, "sudo-production", 8101);
    expect(await server.exec("readlink /home/admin/.berth; ls -d /var/lib/berth/runs")).toBe(
      "/var/lib/berth\n/var/lib/berth/runs\n",
    );
    const locked = `services:\n  web:\n    image: ${lab.registry.locked}/library/page:1\n`;
    const logins = [{ registry: lab.registry.locked, ...puller }];
    const own = { project: "locked-production", app_id: "ten_1/locked" };
    expect((await runOn(admin, deployOf(1, locked, { values: own }))).exit).toMatchObject({ class: "registry.denied" });
    expect((await runOn(admin, deployOf(2, locked, { values: own, logins }))).exit).toMatchObject({ code: 0 });
    await server.exec("gpasswd --add admin docker");
    expect((await check(admin)).exit.data).toMatchObject({ user: "root" });
    await server.exec("rm /etc/sudoers.d/berth");
    const values = { project: "sudo-production", app_id: "ten_1/sudo-production" };
    const refused = await runOn(admin, deployOf(1, page(1, 8101), { values }));
    expect(refused.exit).toMatchObject({ class: "sudo.password", changed: false });
  });

  test("as a user with a Docker of their own, without root", async () => {
    await addUser("rootless");
    await server.exec(`
      mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200
      uid=$(id -u rootless) && install -d -o rootless -m 700 /run/user/$uid
      install -D -o rootless /etc/docker/daemon.json /home/rootless/.config/docker/daemon.json && chown -R rootless /home/rootless/.config
      su rootless -s /bin/sh -c "XDG_RUNTIME_DIR=/run/user/$uid HOME=/home/rootless PATH=$PATH:/usr/sbin:/sbin:/usr/share/docker.io/contrib \\
        setsid dockerd-rootless.sh --storage-driver vfs >/tmp/rootless.log 2>&1 &"`);
    const rootless = { ...server, user: "rootless" };
    await until(async () => (await check(rootless)).exit.code === 0, "the Docker of a user", 60);
    expect((await check(rootless)).exit.data).toMatchObject({ root: "false", user: "rootless" });
    await lives(rootless, "rootless-production", 8102);
    expect(await server.exec("ls -A /home/rootless/.berth/state; docker ps --all --quiet --filter name=rootless")).toBe("");
  });

  test("as a user whose Docker listens elsewhere, by DOCKER_HOST of the login or by a context", async () => {
    const socket = "unix:///run/other/docker.sock";
    await server.exec("mkdir /run/other && mv /run/docker.sock /run/other/");
    try {
      for (const [name, command] of [
        ["by-login", `sed -i '1i export DOCKER_HOST=${socket}' ~/.bashrc`],
        ["by-context", `docker context create other --docker host=${socket} && docker context use other`],
      ] as const) {
        await addUser(name, "--groups docker");
        const user = { ...server, user: name };
        expect((await check(user)).exit).toMatchObject({ class: "docker.down" });
        await server.exec(`su - ${name} -c "${command}"`);
        await lives(user, `${name}-production`, 8103);
      }
    } finally {
      await server.exec("mv /run/other/docker.sock /run/");
    }
  });

  test("at another port and an address of IPv6, given as such or by a name that has no other", async () => {
    await server.exec(
      "/usr/sbin/sshd -p 2222 -o PidFile=/run/sshd-2222.pid -o PermitRootLogin=yes -o UsePAM=no; until [ -s /run/sshd-2222.pid ]; do sleep 0.05; done",
    );
    await lives({ ...server, port: 2222, host: server.host6 }, "six-production", 8104);
    const lookup = () => Promise.resolve([{ address: server.host6 }]);
    const host = await checkAddress("six.example", { allowPrivate: true, lookup });
    expect((await check({ ...server, host })).exit).toMatchObject({ code: 0 });
    expect(await checkAddress(`[${server.host6}]`, { allowPrivate: true })).toBe(server.host6);
  });
});
