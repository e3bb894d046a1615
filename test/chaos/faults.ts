/** The faults, each at a random instant of a deploy that takes some seconds. */
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoError } from "@berth/local-dynamodb/error.ts";
import { replace } from "../bench/meter.ts";
import type { Stage } from "../e2e/stage.ts";
import { type Judging, type Lane, type Outcome, struck } from "./server-under-faults.ts";

/** Of every lane's Docker: some room more than a deploy asks for. */
export const DOCKER_MEGABYTES = 280;

export interface Fault {
  readonly name: string;
  readonly what: string;
  /** One lane and one instant of the minute at a time, or the runs of several would be one measurement. */
  readonly alone?: true;
  /** One run on each of the lanes. */
  run(stage: Stage, lanes: readonly Lane[]): Promise<Outcome[]>;
}

/** How long into a deploy of about five seconds. */
const instant = (most = 4500) => sleep(Math.random() * most);

type Strike = (stage: Stage, lane: Lane) => Promise<void>;

const onServer = (name: string, what: string, strike: Strike, judging: Judging = {}): Fault => ({
  name,
  what,
  run: (stage, lanes) => Promise.all(lanes.map((lane) => struck(stage, lane, () => strike(stage, lane), judging))),
});

/** The fault begins when every lane's deploy has been accepted, and is the same for all of them. */
const onCloud = (
  name: string,
  what: string,
  strike: (stage: Stage) => Promise<void>,
  around?: (stage: Stage) => () => void,
): Fault => ({
  name,
  what,
  async run(stage, lanes) {
    const end = around?.(stage);
    let waiting = lanes.length;
    let go = () => {};
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    let once: Promise<void> | undefined;
    try {
      const strikeOnce = async () => {
        if (--waiting === 0) go();
        await all;
        once ??= strike(stage);
        await once;
      };
      return await Promise.all(lanes.map((lane) => struck(stage, lane, strikeOnce)));
    } finally {
      end?.();
    }
  },
});

function killWorkers(stage: Stage): number {
  const cloud = stage.cloud();
  return cloud.workers().filter(({ pool, pid }) => pool === "workers" && cloud.killWorker(pid)).length;
}

/** The jobs queue gives everything five times, in another order. */
function duplicated(stage: Stage): () => void {
  const queue = stage.cloud().sqs.queues.get("berth-jobs");
  if (!queue) throw new Error("there is no queue of jobs");
  const { send } = queue;
  return replace(queue, "send", (message) => {
    const copies = Array.from({ length: 4 }, (_, i) => (message.delaySeconds ?? 0) + Math.floor(Math.random() * 4) * (i % 2));
    for (const delaySeconds of copies) send({ ...message, delaySeconds });
    return send({ ...message, delaySeconds: (message.delaySeconds ?? 0) + Math.round(Math.random()) });
  });
}

const asked = /^(Get|Put|Update|Delete|BatchGet|BatchWrite|TransactGet|TransactWrite)Items?$|^Query$/;

/** Three of ten requests to the table are refused before anything happens; not what the local cloud asks its own engine. */
function throttled(stage: Stage): () => void {
  const { dynamodb } = stage.cloud();
  const { execute } = dynamodb;
  return replace(dynamodb, "execute", (operation, input) => {
    if (asked.test(operation) && Math.random() < 0.3)
      throw new DynamoError(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput was exceeded",
      );
    return execute(operation, input);
  });
}

/** A host that answers with another key: nothing may be sent to it, not even a user's name with a signature. */
async function otherKey(stage: Stage, lanes: readonly Lane[]): Promise<Outcome[]> {
  return Promise.all(
    lanes.map(async (lane) => {
      const { server } = lane;
      const restart = "kill $(cat /run/sshd.pid); while ! ss -ltn | grep -q ':22 '; do sleep 0.1; done; sleep 0.3";
      await server.exec(
        `mkdir -p /root/keys && mv /etc/ssh/ssh_host_* /root/keys/ && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key && ${restart}`,
      );
      const lines = async () => Number(await server.exec("wc -l </var/log/sshd.log"));
      const from = await lines();
      const before = server.ssh();
      const outcome = await struck(stage, lane, () => Promise.resolve(), { fails: "hostkey.changed" });
      const log = await server.exec(`tail -n +${from + 1} /var/log/sshd.log`);
      await server.exec(`rm /etc/ssh/ssh_host_* && mv /root/keys/* /etc/ssh/ && ${restart}`);
      const wrong = [...outcome.wrong];
      if (server.ssh().execs !== before.execs) wrong.push("a command was run");
      if (/publickey|password|Accepted|Failed|userauth/i.test(log)) wrong.push(`a credential was sent: ${log.slice(0, 300)}`);
      return { ...outcome, wrong };
    }),
  );
}

/** Berth's own folder is put on a small disk, with what is in it. Fences and runs made meanwhile go back with the rest. */
async function smallFolder({ server }: Lane): Promise<() => Promise<unknown>> {
  await server.exec(
    "mkdir /mnt/aside && cp -a /var/lib/berth/. /mnt/aside/ && mount -t tmpfs -o size=64m,mode=700 tmpfs /var/lib/berth && cp -a /mnt/aside/. /var/lib/berth/",
  );
  return () =>
    server.exec(
      "cp -a /var/lib/berth/. /mnt/aside/ && umount /var/lib/berth && cp -a /mnt/aside/. /var/lib/berth/ && rm -rf /mnt/aside",
    );
}

/** Docker's disk has less room left than a deploy asks for. */
async function fullDisk({ server }: Lane): Promise<() => Promise<unknown>> {
  const file = "/var/lib/docker/filler";
  await server.exec(`fallocate -l $(( ($(df -Pk /var/lib/docker | awk 'NR == 2 { print $4 }') - 100 * 1024) * 1024 )) ${file}`);
  return () => server.exec(`rm ${file}`);
}

/** There is room for a deploy, but not for the image it brings, which is larger than the disk. */
async function largeImage(stage: Stage): Promise<string> {
  const content = new Uint8Array((DOCKER_MEGABYTES + 20) << 20);
  const { registry } = stage.lab;
  const known = await fetch(`http://${registry.address}/v2/large/manifests/1`, { method: "HEAD" });
  if (!known.ok) await registry.push("large:1", { files: [{ path: "data", content }] });
  return `${registry.address}/large:1`; // in full, or Docker would ask the public one after this one's image did not fit
}

let disks = 0;

/** Which of three it is goes in turn. It is found before anything is stopped, and nothing is left behind. */
async function diskFull(stage: Stage, lanes: readonly Lane[]): Promise<Outcome[]> {
  return Promise.all(
    lanes.map(async (lane) => {
      const { server } = lane;
      const way = disks++ % 3;
      const listed = () =>
        server.exec(`ls /var/lib/berth/state/${lane.app}-production/releases | sort; docker image ls -q | sort`);
      const before = await listed();
      const used = async () => Number(await server.exec("df -Pk /var/lib/docker | awk 'NR == 2 { print int($3 / 1024) }'"));
      const usedBefore = await used();
      const image = way === 2 ? await largeImage(stage) : undefined;
      const undo = way === 0 ? await smallFolder(lane) : way === 1 ? await fullDisk(lane) : undefined;
      const outcome = await struck(stage, lane, () => Promise.resolve(), { fails: "disk.full", ...(image && { image }) });
      const wrong = [...outcome.wrong];
      await undo?.();
      if ((await listed()) !== before) wrong.push(`what failed left its files or images: ${await listed()}`);
      const usedAfter = await used();
      if (usedAfter > usedBefore + 5) wrong.push(`${usedBefore} MB were used before and ${usedAfter} MB after`);
      return { ...outcome, wrong };
    }),
  );
}

/** Every worker is killed once each lane's command runs on its server; how long until the server has seen the next session for it. */
async function leaseLapses(stage: Stage, lanes: readonly Lane[]): Promise<Outcome[]> {
  let waiting = lanes.length;
  let from = Number.NaN;
  const { promise: killed, resolve } = Promise.withResolvers<void>();
  const one = async (lane: Lane): Promise<Outcome> => {
    let attachedMs = Number.NaN;
    const before = lane.server.ssh().execs;
    const seen = async (count: number, until = Date.now() + 180_000) => {
      while (lane.server.ssh().execs < count && Date.now() < until) await sleep(50);
    };
    const strike = async () => {
      await seen(before + 1);
      if (--waiting === 0) {
        await instant(1500);
        killWorkers(stage);
        from = performance.now();
        resolve();
      }
      await killed;
      await seen(before + 2);
      attachedMs = performance.now() - from;
    };
    return { ...(await struck(stage, lane, strike, { delay: 12 })), attachedMs };
  };
  return Promise.all(lanes.map(one));
}

export const faults: readonly Fault[] = [
  onCloud("worker", "every worker is killed with -9", async (stage) => {
    await instant();
    killWorkers(stage);
  }),
  onServer("line", "the TCP connection is cut in the middle of the command", async (_, { relay }) => {
    await instant();
    relay.cut();
  }),
  onServer("sshd", "sshd is restarted, and every session with it", async (_, { server }) => {
    await instant();
    await server.dropSsh();
    await server.stopSsh();
    await sleep(500);
    await server.startSsh();
  }),
  { name: "hostkey", what: "the server shows another host key", run: otherKey },
  { name: "disk", what: "the disk is full: Berth's own, Docker's, or too small for the image", run: diskFull },
  onServer("docker", "the Docker daemon is stopped with SIGSTOP for 60 s", async (_, { server }) => {
    await instant();
    await server.pauseDocker();
    await sleep(60_000);
    await server.resumeDocker();
  }),
  onServer("network", "the server's network is cut for 30 s", async (_, { server }) => {
    await instant();
    // The command has to be inside before the network is gone, and goes on without it.
    await server.exec(
      "ip link set eth0 down && sleep 30; ip link set eth0 up && ip route add default via $(ip -4 -o addr show eth0 | sed 's/.*inet \\([0-9]*\\.[0-9]*\\.[0-9]*\\)\\..*/\\1.1/')",
    );
  }),
  onCloud("queue", "every message comes five times and out of order", () => Promise.resolve(), duplicated),
  onCloud("table", "three of ten requests to the table are throttled", () => Promise.resolve(), throttled),
  onCloud("everything", "the whole cloud is killed and started from its disk", async (stage) => {
    await instant();
    await stage.restart();
  }),
  { name: "lease", what: "a worker is killed once its command runs", alone: true, run: leaseLapses },
];
