import type { App, AppStatus, Job, Release, Target } from "@berth/api-client/types.ts";

export const now = new Date("2027-03-01T12:00:00.000Z");
export const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const by = { kind: "token" as const, id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0", name: "ci of the shop" };

const hostKey = { type: "ssh-ed25519", key: "AAAA", fingerprint: `SHA256:${"f".repeat(43)}` };
export const targets = [
  {
    id: "tgt_1",
    name: "web1",
    host: "203.0.113.7",
    port: 22,
    user: "root",
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK berth-web1",
    labels: ["eu", "production"],
    status: "ready",
    hostKey,
    checkedAt: at(3),
    facts: {
      docker: "27.3.1",
      compose: "2.29.7",
      arch: "amd64",
      os: "Debian GNU/Linux 12",
      disk_free_mb: "20480",
      disk_mb: "40960",
      memory_mb: "3900",
      memory_free_mb: "1200",
    },
    createdAt: at(9000),
  },
  {
    id: "tgt_ssm",
    name: "web4",
    host: "i-0abc1234def567890",
    user: "root",
    ssm: {
      region: "eu-central-1",
      role: "arn:aws:iam::111122223333:role/berth",
      account: "999988887777",
      externalId: "ten_01M8N75430BB7V3BGTE1F96VZY",
    },
    status: "unready",
    checkedAt: at(60 * 30),
    problem: {
      class: "role.denied",
      message: "The role in your AWS account does not let Berth run commands: not authorized",
      remedy: "Compare its trust policy and what it allows with what they have to say.",
    },
    createdAt: at(9000),
  },
  {
    id: "tgt_2",
    name: "a-server-with-quite-a-long-name-of-39-ch",
    host: "some-host.in-a-deep.subdomain.example.com",
    port: 2222,
    user: "deploy",
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK berth-long",
    status: "unready",
    hostKey,
    checkedAt: at(60 * 30),
    problem: {
      class: "docker.missing",
      message: "Docker is not installed there",
      remedy: "Install Docker Engine: https://docs.docker.com/engine/install/",
    },
    createdAt: at(9000),
  },
  {
    id: "tgt_3",
    name: "new",
    host: "2001:db8::1",
    port: 22,
    user: "root",
    publicKey: "ssh-ed25519 AAAA x",
    status: "untrusted",
    shownKey: hostKey,
    createdAt: at(1),
  },
] as Target[];

export const rollout = (name: string, more: object = {}) => ({
  target: `tgt_${name}`,
  name,
  status: "succeeded",
  attempts: 1,
  ...more,
});
export const why = {
  class: "unhealthy",
  message: "web is unhealthy: connection refused",
  step: "verify",
  service: "web",
  log: ["Error: no database at db:5432", "exiting"],
  remedy: "See the last lines of web below. Fix the cause and deploy again.",
  rolledBack: true,
};
export const jobs = [
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ1",
    kind: "deployment",
    status: "failed",
    app: "shop",
    environment: "production",
    release: 12,
    rollouts: { tgt_web1: rollout("web1", { status: "failed", failure: why, downMs: 812 }), tgt_web2: rollout("web2") },
    by,
    createdAt: at(6),
    startedAt: at(5),
    endedAt: new Date(now.getTime() - 5 * 60_000 + 14_200).toISOString(),
    failure: why,
    version: 4,
  },
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ2",
    kind: "deployment",
    status: "running",
    app: "shop",
    environment: "staging",
    release: 3,
    rollback: true,
    rollouts: { tgt_web1: rollout("web1", { status: "retrying", failure: why, nextAt: at(-1) }) },
    by,
    createdAt: at(1),
    startedAt: at(1),
    version: 4,
  },
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ3",
    kind: "target.check",
    status: "succeeded",
    rollouts: { tgt_web1: rollout("web1") },
    by,
    createdAt: at(600),
    startedAt: at(600),
    endedAt: at(600),
    version: 2,
  },
] as unknown as Job[];

export const apps = [
  {
    id: "app_1",
    name: "shop",
    template: "compose",
    slot: true,
    createdAt: at(60 * 24 * 40),
    environments: [
      {
        name: "production",
        release: 12,
        releases: 12,
        job: "job_01JABCDEFGHJKMNPQRSTVWXYZ1",
        state: "degraded",
        seenAt: at(2),
        targets: [
          { id: "tgt_web1", name: "web1", release: 11, state: "stopped", seenAt: at(2) },
          { id: "tgt_web2", name: "web2", release: 12, state: "running", seenAt: at(0) },
        ],
      },
      {
        name: "staging",
        release: null,
        releases: 3,
        job: null,
        state: "unknown",
        seenAt: null,
        targets: [{ id: "tgt_web1", name: "web1", release: null, state: "unknown", seenAt: null }],
      },
    ],
  },
  { id: "app_2", name: "blog", template: "compose", slot: false, createdAt: at(2), environments: [] },
] as App[];

const container = (service: string, more: object = {}) => ({
  service,
  name: `shop-production-${service}-1`,
  state: "running",
  health: "healthy",
  exitCode: null,
  restarts: 0,
  image: "registry.example/shop/web:2027-03-01",
  imageId: "sha256:1",
  ports: [
    { address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" },
    { address: "::", published: 8080, port: 80, protocol: "tcp" },
  ],
  startedAt: at(60 * 3),
  finishedAt: null,
  restartPolicy: "unless-stopped",
  orphan: false,
  ok: true,
  why: null,
  ...more,
});
const shop = apps[0] as App;
export const status = {
  ...shop,
  environments: shop.environments.map((environment) => ({
    ...environment,
    targets: environment.targets.map((target) =>
      target.release === 11
        ? {
            ...target,
            addresses: [],
            problem: { at: at(1), class: "unreachable", message: "The server cannot be reached" },
            seen: {
              at: at(2),
              more: 0,
              missing: ["worker"],
              containers: [
                container("web", {
                  state: "exited",
                  health: null,
                  exitCode: 137,
                  ports: [],
                  finishedAt: at(3),
                  restartPolicy: "no",
                  ok: false,
                  why: 'It was not started again when the server restarted: its restart policy is "no".',
                }),
              ],
            },
          }
        : target.release === 12
          ? {
              ...target,
              addresses: [
                { service: "web", host: "203.0.113.8", port: 8080, protocol: "tcp", url: "http://203.0.113.8:8080" },
                { service: "dns", host: "203.0.113.8", port: 53, protocol: "udp", url: null },
              ],
              problem: null,
              seen: {
                at: at(0),
                more: 0,
                missing: [],
                containers: [
                  container("web"),
                  container("dns", { health: null, restarts: 3, ports: [], image: "coredns" }),
                  container("migrate", { state: "exited", exitCode: 0, health: null, ports: [], finishedAt: at(170) }),
                ],
              },
            }
          : { ...target, addresses: [], seen: null, problem: null },
    ),
  })),
  jobs: [jobs[0]],
} as unknown as AppStatus;

export const releases = [
  {
    app: "shop",
    environment: "production",
    number: 12,
    services: [
      { name: "worker", image: "worker", built: true },
      { name: "web", image: "registry.example/shop/web:2027-03-01" },
      { name: "redis", image: "redis:7" },
    ],
    hash: "x",
    note: "Faster checkout — finally",
    by,
    createdAt: at(5),
    outcome: "live",
    liveOn: ["web2"],
    failure: { class: "unhealthy", message: "web is unhealthy: connection refused", service: "web" },
    rollback: { possible: false, code: "release.never_healthy", reason: "Release 12 was never healthy on every server." },
  },
  {
    app: "shop",
    environment: "production",
    number: 11,
    services: [{ name: "web", image: "registry.example/shop/web:2027-02-27" }],
    hash: "x",
    by,
    createdAt: at(60 * 50),
    outcome: "live",
    liveOn: ["web1"],
    rollback: { possible: true },
  },
  ...(["failed", "canceled", "was_live", "deploying", "unknown"] as const).map((outcome, i) => ({
    app: "shop",
    environment: "production",
    number: 10 - i,
    services: [{ name: "web", image: "registry.example/shop/web:2027-02-26" }],
    hash: "x",
    by: { kind: "user", id: "usr_1", ...(i > 0 && { name: "ada@example.com" }) },
    createdAt: at(60 * 60 * (i + 1)),
    outcome,
    liveOn: [],
    ...(outcome === "failed" && { failure: { class: "image.not_found", message: "The image does not exist" } }),
    rollback: { possible: outcome === "was_live" },
  })),
] as Release[];
