/** Docker from a server's distribution, and logins by password, on request. */
import { generateKey } from "@berth/domain/remote/key.ts";
import { letIn } from "@berth/domain/remote/password.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, type Outcome, runOn } from "./client.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const PASSWORD = "a long password";

describe.skipIf(reason)(`a real server that is prepared${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const key = generateKey("berth-web1");
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
  });
  afterAll(() => lab?.close());

  const prepare = (what: string, at: Server = server): Promise<Outcome> => {
    const { job, fence } = deployOf(1, "");
    return runOn(at, { op: "prepare", job, fence, from: 0, files: [], values: { what } });
  };
  const addUser = (name: string) =>
    server.exec(
      `useradd --create-home --shell /bin/bash ${name} && echo '${name}:${PASSWORD}' | chpasswd
       cp -r /root/.ssh /home/${name}/ && chown -R ${name} /home/${name}/.ssh`,
    );
  const byPassword = (user: string) => letIn({ ...server, user }, PASSWORD, key.publicKey);

  test("takes no more passwords, keeps taking the key, and takes passwords again when that is asked for", async () => {
    await addUser("mona");
    await byPassword("mona");
    const off = await prepare("passwords.off");
    expect(off.exit).toMatchObject({ code: 0 });
    await expect(byPassword("mona")).rejects.toMatchObject({ class: "password.refused" });
    expect((await prepare("passwords.off")).exit).toMatchObject({ code: 0 });
    expect((await prepare("passwords.on")).exit).toMatchObject({ code: 0 });
    await byPassword("mona");
  });

  test("whose configuration says otherwise before it reads ours is left as it was, and that is said", async () => {
    for (const line of ["PasswordAuthentication yes", "NoSuchWord yes"]) {
      await server.exec(`cp /etc/ssh/sshd_config /etc/ssh/kept && sed -i '1i ${line}' /etc/ssh/sshd_config`);
      expect((await prepare("passwords.off")).exit, line).toMatchObject({ code: 1, class: "passwords.stay" });
      expect(await server.exec("ls /etc/ssh/sshd_config.d | grep berth || true")).toBe("");
      await server.exec("mv /etc/ssh/kept /etc/ssh/sshd_config");
    }
    await byPassword("mona");
  });

  test("is prepared by a user with sudo, and not by one without, or whose sudo wants a password", async () => {
    await addUser("plain");
    expect((await prepare("passwords.off", { ...server, user: "plain" })).exit).toMatchObject({ class: "root.needed" });
    await server.exec("usermod --append --groups sudo plain");
    expect((await prepare("passwords.off", { ...server, user: "plain" })).exit).toMatchObject({
      class: "sudo.password",
      data: { user: "plain" },
    });
    await server.exec("echo 'plain ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/plain");
    expect((await prepare("passwords.off", { ...server, user: "plain" })).exit).toMatchObject({ code: 0 });
    expect((await prepare("passwords.on", { ...server, user: "plain" })).exit).toMatchObject({ code: 0 });
    // Whose apps are to be where is decided at the first deployment.
    expect(await server.exec("ls -A /home/plain | grep berth || true")).toBe("");
  });

  test("gets Docker and Compose from its distribution, or nothing where that has not both", async () => {
    // Packages of these names with the programs that are there, which dpkg is made to forget.
    await server.exec(`
      set -e
      mkdir -p /srv/repo /srv/docker.io/usr/bin /srv/docker-compose/usr/libexec/docker/cli-plugins /srv/docker.io/DEBIAN /srv/docker-compose/DEBIAN
      cp -L "$(command -v docker)" /srv/docker.io/usr/bin/docker
      for at in /usr/local/lib /usr/local/libexec /usr/lib /usr/libexec; do
        if [ -e $at/docker/cli-plugins/docker-compose ]; then mv $at/docker/cli-plugins/docker-compose /srv/docker-compose/usr/libexec/docker/cli-plugins/; fi
      done
      rm -f /usr/local/bin/docker /usr/bin/docker /var/lib/dpkg/info/docker.io.* /etc/apt/sources.list.d/* /etc/apt/sources.list
      awk -v RS= -v ORS='\\n\\n' '!/^Package: docker/' /var/lib/dpkg/status >/srv/status && cp /srv/status /var/lib/dpkg/status
      echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list`);
    const offer = (name: string, version: string) =>
      server.exec(`
        set -e
        about="Package: ${name}\\nVersion: ${version}\\nArchitecture: all\\nMaintainer: lab <lab@example>\\nDescription: ${name}\\n"
        printf "$about" >/srv/${name}/DEBIAN/control
        dpkg-deb -Znone --build /srv/${name} /srv/repo/${name}.deb >/dev/null
        printf "$about""Filename: ./${name}.deb\\nSize: $(stat -c %s /srv/repo/${name}.deb)\\nSHA256: $(sha256sum /srv/repo/${name}.deb | cut -d' ' -f1)\\n\\n" >>/srv/repo/Packages`);
    const check = async () => (await runOn(server, { op: "check", job: "c", fence: 0, from: 0, files: [], values: {} })).exit;
    expect(await check()).toMatchObject({ class: "docker.missing" });
    expect((await prepare("docker")).exit).toMatchObject({ class: "install.failed" });
    await server.exec("touch /srv/repo/Packages");
    expect((await prepare("docker")).exit).toMatchObject({ class: "docker.unpackaged" });
    await offer("docker.io", "99.1");
    expect((await prepare("docker")).exit).toMatchObject({ class: "compose.missing" });
    await offer("docker-compose", "1.29.2-3");
    expect((await prepare("docker")).exit).toMatchObject({ class: "compose.missing" });
    expect(await check()).toMatchObject({ class: "docker.missing" });
    await server.exec("rm /srv/repo/*");
    await offer("docker.io", "99.1");
    await offer("docker-compose", "2.26.1-4");
    const done = await prepare("docker");
    expect(done.exit).toMatchObject({ code: 0 });
    expect(done.events.map(({ text }) => text)).toContain("Installing docker.io docker-compose");
    expect(await check()).toMatchObject({ code: 0 });
    const again = await prepare("docker");
    expect(again.events.some(({ text }) => text?.endsWith("are there already"))).toBe(true);
    await server.exec("mv /usr/bin/docker /usr/bin/docker.away; mv /usr/bin/apt-get /usr/bin/apt-get.away");
    expect((await prepare("docker")).exit).toMatchObject({ class: "docker.unpackaged" });
  });
});
