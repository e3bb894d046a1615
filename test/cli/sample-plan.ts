import type { DeploymentPlan } from "@berth/api-client/types.ts";

type TargetPlan = NonNullable<DeploymentPlan["targets"][number]["plan"]>;
type Service = TargetPlan["services"][number];

const service = (name: string, change: Service["change"], more: Partial<Service> = {}): Service => ({
  service: name,
  change,
  reasons: [],
  interruption: "none",
  awayMs: null,
  singleton: [],
  replicas: 1,
  oneShot: false,
  ...more,
});

const whole: TargetPlan = {
  operations: [
    { operation: "pull", services: ["web", "admin", "worker"] },
    { operation: "pin", services: [] },
    { operation: "place", services: [] },
    { operation: "remove", services: ["old-worker"] },
    { operation: "up", services: ["db", "migrate", "web", "admin", "worker"] },
    { operation: "wait", services: ["cache", "db", "migrate", "web", "admin", "worker"] },
    { operation: "record", services: [] },
    { operation: "prune", services: [] },
  ],
  networks: [],
  services: [
    service("cache", "keep"),
    service("web", "replace", {
      reasons: [
        { reason: "image", names: [] },
        { reason: "environment", names: ["DATABASE_URL", "SECRET_KEY_BASE"] },
      ],
      interruption: "blinks",
    }),
    service("admin", "replace", { reasons: [{ reason: "image", names: [] }], interruption: "blinks", awayMs: 64_000 }),
    service("worker", "replace", {
      reasons: [
        { reason: "image", names: [] },
        { reason: "command", names: [] },
      ],
    }),
    service("migrate", "create"),
    service("old-worker", "remove"),
    service("db", "replace", {
      reasons: [{ reason: "volumes", names: ["/var/lib/postgresql/data"] }],
      interruption: "blinks",
      awayMs: 2340,
    }),
  ],
  images: [
    { image: "ghcr.io/acme/shop:2026.11", services: ["web"], action: "pull", digest: null, bytes: 84_000_000 },
    { image: "registry.example.com:5000/a/private/image:latest", services: ["db"], action: "unknown", digest: null, bytes: null },
    { image: "admin", services: ["admin"], action: "build", digest: null, bytes: null },
    { image: "worker", services: ["worker"], action: "build", digest: null, bytes: null },
    { image: "redis:7", services: ["cache"], action: "here", digest: null, bytes: 40_000_000 },
  ],
  volumes: [
    { volume: "shop-production_pgdata", change: "orphaned", services: [] },
    { volume: "shop-production_data", change: "create", services: ["db"] },
  ],
  ports: [{ service: "web", address: "0.0.0.0", published: "8443", port: 443, protocol: "tcp", change: "open" }],
  secrets: [],
  variables: ["DATABASE_URL"],
  risks: [
    {
      risk: "volume.renamed",
      service: "db",
      message: "its data is in the volume pgdata, and it would start with the new, empty volume data",
    },
  ],
  dangers: [{ setting: "docker.sock", service: "web", what: "/var/run/docker.sock" }],
  disk: { neededMb: 210, freeMb: 120 },
  memory: { limitMb: null, freeMb: 900 },
};

export const deploymentPlan: DeploymentPlan = {
  id: "pln_1",
  hash: null,
  app: "shop",
  environment: "production",
  release: 7,
  job: "job_1",
  status: "failed",
  by: { kind: "user", id: "usr_1", name: "ann@example.com" },
  createdAt: "2027-03-01T12:00:00.000Z",
  refused: {
    code: "billing.grace",
    reason: "A payment failed. Your apps keep running and you can roll back, but not change them.",
  },
  takesSlot: true,
  policy: {
    privileged: "warn",
    "docker.sock": "warn",
    "host-path": "warn",
    "host-namespace": "warn",
    device: "warn",
    capability: "warn",
  },
  variables: [
    { name: "DB_PASSWORD", kind: "secret", namespace: "default", version: 12 },
    { name: "LOG_LEVEL", kind: "variable", namespace: "eu-west", version: 13 },
  ],
  targets: [
    { id: "tgt_1", name: "web1", plan: whole },
    {
      id: "tgt_2",
      name: "web2",
      plan: null,
      failure: { class: "unreachable", message: "The server did not answer", remedy: "Check that it is up and reachable." },
    },
  ],
};

export const idlePlan: DeploymentPlan = {
  ...deploymentPlan,
  hash: "3f9a2b7c1d0e4f58",
  status: "succeeded",
  refused: null,
  takesSlot: false,
  targets: [
    {
      id: "tgt_1",
      name: "web1",
      plan: {
        ...whole,
        services: [service("web", "keep")],
        images: [],
        volumes: [],
        ports: [],
        risks: [],
        dangers: [],
        disk: { neededMb: 0, freeMb: 9000 },
      },
    },
  ],
};
