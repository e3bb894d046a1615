import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fingerprint } from "@berth/domain/remote/key.ts";
import { startCloud } from "@berth/local/cloud.ts";
import { created } from "../test/lab/client.ts";
import { engineName, engineNames } from "../test/lab/engine.ts";
import { busyboxImage, redisImage } from "../test/lab/images.ts";
import { available, type Lab, puller, startLab } from "../test/lab/lab.ts";
import type { Server } from "../test/lab/server.ts";
import { port } from "./demo/app.ts";
import { createBerth } from "./demo/berth.ts";
import type { Place } from "./demo/stage.ts";
import { tell } from "./demo/story.ts";
import { createTelling } from "./demo/telling.ts";

const { values } = parseArgs({
  options: {
    keep: { type: "boolean", default: false },
    target: { type: "string", multiple: true },
    engine: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const usage = `The whole product on this machine, told as a story: real servers, real Docker, the real command line.

  npm run demo                              two servers of its own (as root on Linux)
  npm run demo -- --keep                    leaves it running and prints the addresses
  npm run demo -- --engine newest           with another Docker on them, one of: ${engineNames.join(", ")}
  npm run demo -- --target user@host        on a server of yours, with Docker; may be repeated
`;

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));

/** The customer's own ssh: it knows the server's key and has a key that the server lets in. */
function writeSsh(folder: string, servers: readonly Server[]): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(folder, "id"), servers[0]?.privateKey ?? "", { mode: 0o600 });
  const known = servers.map(({ host, hostKey }) => `${host} ssh-ed25519 ${hostKey}\n`).join("");
  writeFileSync(join(folder, "known_hosts"), known);
  const options = `-i "${folder}/id" -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="${folder}/known_hosts"`;
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  return bin;
}

const placeOf = (server: Server, index: number): Place => ({
  name: `web${index + 1}`,
  address: `${server.user}@${server.host}:${server.port}`,
  host: server.host,
  fingerprint: fingerprint(server.hostKey),
  created: (since) => created(server, since),
  clock: async () => (await server.exec("date +%s.%N")).trim(),
});

const ownPlace = (address: string, index: number): Place => ({
  name: `web${index + 1}`,
  address,
  host: address.replace(/^.*@/, "").replace(/:\d+$/, ""),
});

async function demo(): Promise<void> {
  const telling = createTelling();
  const folder = mkdtempSync(join(tmpdir(), "berth-demo-"));
  const ends: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  const stop = () => void end().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    telling.chapter("The stage");
    let lab: Lab | undefined;
    if (!values.target) {
      lab = await telling.step("two servers come up, each with its own sshd and Docker", () =>
        startLab({ servers: 2, locked: true, engine: engineName(values.engine) }),
      );
      ends.push(() => lab?.close());
      const { registry } = lab;
      await telling.step("a registry has the images", async () => {
        await registry.push("library/busybox:1.36", busyboxImage());
        await registry.push("library/redis:7", redisImage());
      });
    }
    const cloud = await telling.step("Berth's own cloud starts", () =>
      startCloud({ folder: join(folder, "cloud"), fresh: true }),
    );
    ends.push(() => cloud.close());
    const path = lab ? `${writeSsh(folder, lab.servers)}:${process.env.PATH}` : process.env.PATH;
    const berth = createBerth(main, {
      PATH: path,
      BERTH_URL: cloud.origin,
      BERTH_CONFIG_DIR: join(folder, "config"),
      NO_COLOR: "1",
    });
    const places = lab ? lab.servers.map(placeOf) : (values.target ?? []).map(ownPlace);
    const registry = lab && { host: lab.registry.locked, ...puller, image: `${lab.registry.locked}/library/busybox:1.36` };
    await tell({ cloud, berth, places, folder: join(folder, "shop"), telling, registry });
    telling.summary();
    if (values.keep) {
      telling.note(`dashboard ${cloud.origin}  inbox ${cloud.endpoint}/_local/inbox  Stripe ${cloud.stripeUrl}`);
      telling.note(`apps ${places.map(({ host }) => `http://${host}:${port}/cgi-bin/index.cgi`).join("  ")}`);
      telling.note(`BERTH_URL=${cloud.origin} BERTH_CONFIG_DIR=${join(folder, "config")} npm run -s berth -- app list`);
      telling.note("Ctrl-C ends everything.");
      await new Promise(() => {});
    }
  } finally {
    await end();
  }
}

const why = values.target ? undefined : available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(
    `The servers of the story cannot run here (${why}); use one of your own: npm run demo -- --target user@host\n`,
  );
  process.exitCode = 1;
} else
  await demo().catch((error: unknown) => {
    process.stderr.write(`\nThe story ended here: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
