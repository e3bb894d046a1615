/** What people's own Compose files, env files and folders hold, by the command line onto a real server: each does what its author means. */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "@berth/domain/remote/key.ts";
import { describe, expect, test } from "vitest";
import { available } from "../lab/lab.ts";
import { box, deploy, deployed, folderOf, logs, place, says, server, stage, useStage, write } from "./inputs.ts";
import { jsonLines, resultOf } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`what people deploy${reason ? ` (skipped: ${reason})` : ""}`, () => {
  useStage();

  describe("an app's own lines in a folder it mounts stay and are told of", () => {
    const visits = `${place("visits")}/data/visits.txt`;
    const file = (release: number, command = "echo visit >> /data/visits.txt") => ({
      "compose.yaml": box(command, `    environment: {RELEASE: "${release}"}\n    volumes: ["./data:/data"]\n`),
    });
    const lines = async () => (await server.exec(`cat ${visits}`)).split("\n").filter((line) => line !== "" && line !== "visit");
    const told = (texts: readonly string[]) => texts.filter((text) => text.includes("data/visits.txt"));

    test("through releases, a failed one, a file that is deleted here and the removal; --replace-files replaces them", async () => {
      write("visits", { ...file(1), "data/visits.txt": "local test data\n" });
      await deployed("visits");
      await server.exec(`echo 'an order' >>${visits}`);

      write("visits", file(2));
      expect(told((await deployed("visits")).texts)).not.toEqual([]);
      expect(await lines()).toEqual(["local test data", "an order"]);

      write("visits", { ...file(3, "exit 3"), "data/visits.txt": "seed\n" });
      const failed = await deploy("visits");
      expect(failed.result.job.failure).toMatchObject({ class: "start.failed", service: "web", rolledBack: true });
      expect(await lines()).toEqual(["local test data", "an order"]);

      write("visits", { ...file(4), "data/other.txt": "stays here" });
      rmSync(join(folderOf("visits"), "data/visits.txt"));
      expect(told((await deployed("visits")).texts)).not.toEqual([]);
      expect(await lines()).toEqual(["local test data", "an order"]);

      write("visits", { ...file(5), "data/visits.txt": "fresh\n" });
      await deployed("visits", "--replace-files");
      expect(await lines()).toEqual(["fresh"]);

      await server.exec(`echo 'another order' >>${visits}`);
      const removed = await stage.berth.run(["app", "remove", "visits", "--yes", "--json"]);
      expect(removed.code).toBe(0);
      expect(told(jsonLines(removed.stdout).map(({ text }) => text ?? ""))).not.toEqual([]);
      expect(await lines()).toEqual(["fresh", "another order"]);
    });
  });

  test("changed configs, secrets and inline content reach the containers", async () => {
    const files = (text: string) => ({
      "app.conf": `conf ${text}`,
      "token.txt": `token ${text}`,
      "compose.yaml": `${box(
        "echo serving $$(cat /etc/app.conf) with $$(cat /run/secrets/token) and $$(cat /etc/inline.conf)",
        "    configs: [{source: app, target: /etc/app.conf}, {source: inline, target: /etc/inline.conf}]\n    secrets: [token]\n",
      )}configs:
  app: {file: ./app.conf}
  inline: {content: "inline ${text}"}
secrets:
  token: {file: ./token.txt}
`,
    });
    for (const text of ["one", "two"]) {
      write("config-change", files(text));
      await deployed("config-change");
      await says("config-change", `serving conf ${text} with token ${text} and inline ${text}`);
    }
  });

  test("a script that can be executed here can be there", async () => {
    write("exec-bit", {
      "start.sh": "#!/bin/sh\necho started\nexec sleep 100000\n",
      "compose.yaml":
        'services:\n  web:\n    image: busybox:1.36\n    entrypoint: ["/start.sh"]\n    volumes: ["./start.sh:/start.sh:ro"]\n',
    });
    chmodSync(join(folderOf("exec-bit"), "start.sh"), 0o755);
    await deployed("exec-bit");
    expect(await says("exec-bit", "started")).toEqual(["started"]);
  });

  test("values of an env file are what Compose reads in them", async () => {
    write("env-values", {
      ".env": "COLOUR=#ff8800\nMOTTO='it\\'s on'\nTABBED=a\t#b\n",
      "compose.yaml": box(
        'echo colour=[$$COLOUR] motto=[$$MOTTO]; echo \\"tabbed=[$$TABBED]\\"'.replaceAll('\\"', '"'),
        "    env_file: .env\n",
      ),
    });
    await deployed("env-values");
    // A tab is shown as a space.
    expect(await says("env-values", "tabbed=[a #b]")).toContain("colour=[#ff8800] motto=[it's on]");
  });

  test("PWD is the app's folder", async () => {
    write("pwd", {
      "conf/shop.conf": "greeting = hello\n",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
      "compose.yaml": box("cat /etc/shop/shop.conf", '    volumes: ["${PWD}/conf:/etc/shop:ro"]\n'),
    });
    await deployed("pwd");
    await says("pwd", "greeting = hello");
  });

  test("one that starts slowly is waited for through its start_period", async () => {
    // Without it a check a second and one try would be all it has.
    const check = 'test: ["CMD", "test", "-e", "/tmp/ready"], interval: 1s, timeout: 5s, retries: 1, start_period: 5m';
    write("slow-start", {
      "compose.yaml": box("echo warming up; sleep 12; touch /tmp/ready", `    healthcheck: {${check}}\n`),
    });
    const { texts } = await deployed("slow-start");
    expect(texts).toContainEqual(expect.stringContaining("for it to become healthy (start_period 5 min, then 1 try"));
  });

  test.each(["{service: web}", "web"])("a service that extends another of the file has its image: extends: %s", async (base) => {
    write("extends", {
      "compose.yaml": `services:
  web:
    image: page:1
    environment: {ROLE: web}
  worker:
    extends: ${base}
    environment: {ROLE: worker}
`,
    });
    await deployed("extends");
    const running = await server.exec("docker ps --format '{{.Image}} {{.Label \"com.docker.compose.service\"}}'");
    expect(
      running
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[1])
        .sort(),
    ).toEqual(["web", "worker"]);
  });

  test("many services that share what they are made of by anchors are deployed", async () => {
    const names = Array.from({ length: 26 }, (_, i) => `consumer-${i + 1}`);
    write("many-anchors", {
      "compose.yaml": `x-logging: &logging
  driver: json-file
  options: {max-size: 10m}
x-base: &base
  restart: unless-stopped
  logging: *logging
x-consumer: &consumer
  <<: *base
  image: page:1
services:
${names.map((name) => `  ${name}:\n    <<: *consumer\n    environment: {TOPIC: ${name}}\n`).join("")}`,
    });
    await deployed("many-anchors");
    expect((await server.exec("docker ps -q")).trim().split("\n")).toHaveLength(names.length);
  });

  test("a user who may not use Docker is told so once, with the command that helps", async () => {
    const { target } = await stage.berth.json(["target", "add", "nr", `shopuser@${server.host}:${server.port}`, "--no-install"]);
    await server.exec(`useradd --create-home --password '*' shopuser && mkdir -p /home/shopuser/.ssh &&
      cat >/home/shopuser/.ssh/authorized_keys <<'EOF' && chown -R shopuser /home/shopuser/.ssh
${target.publicKey}
EOF`);
    const remedy = expect.stringContaining("usermod -aG docker shopuser");
    await stage.prove();
    const trusted = await stage.berth.run(["target", "trust", "nr", "--fingerprint", fingerprint(server.hostKey), "--json"]);
    expect(resultOf(trusted)).toMatchObject({ problem: { class: "docker.denied", remedy } });
    write("no-rights", { "compose.yaml": "services:\n  web:\n    image: page:1\n" });
    const ran = await stage.berth.run(["deploy", "--app", "no-rights", "--yes", "--target", "nr", "--json"], {
      cwd: folderOf("no-rights"),
    });
    expect(ran.code).toBe(1);
    expect(resultOf(ran).job).toMatchObject({ status: "failed", failure: { class: "docker.denied", remedy } });
    expect(Object.values(resultOf(ran).job.rollouts)).toMatchObject([{ name: "nr", status: "failed", attempts: 1 }]);
  });

  test("names with dots and dashes in an env file reach the container", async () => {
    write("env-names", {
      ".env": "app.datasource.url=jdbc:postgresql://db:5432/shop\napp.cache-ttl=60\n",
      "compose.yaml": box("true", "    env_file: .env\n"),
    });
    await deployed("env-names");
    const env = await server.exec("docker inspect --format '{{json .Config.Env}}' env-names-production-web-1");
    expect(JSON.parse(env)).toEqual(
      expect.arrayContaining(["app.datasource.url=jdbc:postgresql://db:5432/shop", "app.cache-ttl=60"]),
    );
  });

  test("a dollar in a value is read as Compose reads it, and what it then leaves out is told", async () => {
    write("dollar", {
      ".env": "DB_PASSWORD=s3cr$tword9\n",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
      "compose.yaml": box("echo pw=[$$DB_PASSWORD]", "    environment: {DB_PASSWORD: '${DB_PASSWORD}'}\n"),
    });
    const { notes } = await deployed("dollar");
    expect(notes.join("\n")).toContain("tword9");
    await says("dollar", "pw=[s3cr]");
  });

  test("a file that becomes a folder is one on the server", async () => {
    const compose = box("ls -R /etc/shop; cat /etc/shop/shop.conf", '    volumes: ["./conf:/etc/shop:ro"]\n');
    write("file-folder", { "compose.yaml": compose, conf: "a=1\n" });
    await deployed("file-folder");
    rmSync(join(folderOf("file-folder"), "conf"));
    write("file-folder", { "conf/shop.conf": "a=2\n" });
    await deployed("file-folder");
    await says("file-folder", "a=2");
  });

  test("secrets and env files that are named from the root are the server's", async () => {
    await server.exec(
      "mkdir -p /root/secrets /etc/shop && echo the password >/root/secrets/db.txt && echo MODE=prod >/etc/shop/prod.env",
    );
    write("abs-secret", {
      "compose.yaml": `${box("cat /run/secrets/db; echo mode=$$MODE", "    secrets: [db]\n    env_file: /etc/shop/prod.env\n")}secrets:\n  db: {file: /root/secrets/db.txt}\n`,
    });
    const { notes } = await deployed("abs-secret");
    expect(notes.join("\n")).toContain("/root/secrets/db.txt");
    expect(notes.join("\n")).toContain("/etc/shop/prod.env");
    expect(await says("abs-secret", "mode=prod")).toEqual(["the password", "mode=prod"]);
  });

  test("a variable in a comment is none, and the project's name is set", async () => {
    write("comment-var", {
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Compose's own syntax
      "compose.yaml": [
        "# set $OLD_NAME or ${LEGACY_TOKEN} only for the old server",
        "services:",
        "  web:",
        "    image: page:1   # was: page:${OLD_TAG}",
        "    container_name: ${COMPOSE_PROJECT_NAME}-front",
      ].join("\n"),
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: until here
    });
    const { notes } = await deployed("comment-var");
    expect(notes.join("\n")).not.toMatch(/OLD_NAME|LEGACY_TOKEN|OLD_TAG|COMPOSE_PROJECT_NAME/);
    expect(await server.exec("docker ps --format '{{.Names}}'")).toBe("comment-var-production-front\n");
  });

  test("an app's folders and files may be called like Berth's own", async () => {
    write("own-names", {
      "compose.yaml": box(
        "cat /srv/releases/1.md /srv/release.json",
        '    volumes: ["./releases:/srv/releases:ro", "./release.json:/srv/release.json:ro"]\n',
      ),
      "releases/1.md": "notes\n",
      "release.json": "{}\n",
    });
    await deployed("own-names");
    expect(await says("own-names", "{}")).toEqual(["notes", "{}"]);
  });

  test("a Compose file of two documents is both of them", async () => {
    write("two-docs", { "compose.yaml": "services:\n  web:\n    image: page:1\n---\nservices:\n  db:\n    image: page:1\n" });
    await deployed("two-docs");
    const running = await server.exec("docker ps --format '{{.Label \"com.docker.compose.service\"}}' | sort");
    expect(running).toBe("db\nweb\n");
  });

  test("logs name the service whatever its container is called, keep a bar's states apart and count lines in all", async () => {
    write("cr-logs", {
      "compose.yaml": `${box(
        "for i in 10 20 100; do printf 'Importing products %s%%\\r' $$i; done; echo; printf '\\033[31mred\\033[0m plain\\n'; echo ready",
        "    container_name: import-2024\n",
      )}  silent:\n    image: busybox:1.36\n    command: ["sh", "-c", "echo unheard; exec sleep 100000"]\n    logging: {driver: none}\n  side:\n    image: busybox:1.36\n    command: ["sh", "-c", "echo aside; exec sleep 100000"]\n`,
    });
    await deployed("cr-logs");
    await says("cr-logs", "ready");
    const web = (await logs("cr-logs", "--service", "web")).map(({ service, text }) => [service, text]);
    expect(web).toEqual([
      ["web", "Importing products 10% Importing products 20% Importing products 100%"],
      ["web", "red plain"],
      ["web", "ready"],
    ]);
    expect(await logs("cr-logs", "--tail", "2")).toHaveLength(2);
    expect((await logs("cr-logs", "--service", "silent")).map(({ text }) => text)).toEqual([
      expect.stringContaining("does not support reading"),
    ]);
  });

  test("a job that ends with 0 is a deploy that succeeded", async () => {
    write("only-oneshot", {
      "compose.yaml":
        'services:\n  backup:\n    image: busybox:1.36\n    command: ["sh", "-c", "echo backup done"]\n    restart: "no"\n',
    });
    await deployed("only-oneshot");
    await says("only-oneshot", "backup done");
  });

  test("apps and environments whose names read the same together do not meet", async () => {
    for (const name of ["shop", "shop-a"]) write(name, { "compose.yaml": "services:\n  web:\n    image: page:1\n" });
    await deployed("shop", "--environment", "a-b");
    await deployed("shop-a", "--environment", "b");
    const projects = await server.exec("docker ps --format '{{.Label \"com.docker.compose.project\"}}' | sort");
    expect(projects.trim().split("\n")).toHaveLength(2);
    expect(new Set(projects.trim().split("\n")).size).toBe(2);
  });
});
