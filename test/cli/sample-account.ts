import type {
  Addon,
  AuditLine,
  Billing,
  Deployer,
  Invoice,
  PlanChange,
  PricingPlan,
  Registry,
  Token,
  Usage,
  Variable,
  VariableHistory,
} from "@berth/api-client/types.ts";
import { at } from "./sample-apps.ts";

export const tokens = [
  {
    id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0",
    name: "ci of the shop",
    scopes: ["deploy"],
    app: "shop",
    createdAt: at(9),
    expiresAt: at(-60 * 24 * 90),
    lastUsedAt: at(2),
    by: "usr_1",
  },
  {
    id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ9",
    name: "laptop",
    scopes: ["admin", "billing"],
    createdAt: at(9),
    expiresAt: at(-60),
    by: "usr_1",
  },
] as Token[];

const mona = { kind: "user", id: "usr_1", name: "ada@example.com" };
export const registries = [
  { host: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", user: "AWS", by: mona, addedAt: at(60 * 11) },
  { host: "docker.io", user: "mona", by: mona, addedAt: at(60 * 24 * 9), checkedAt: at(5) },
  {
    host: "ghcr.io",
    user: "robot$shop",
    by: mona,
    addedAt: at(60 * 24 * 40),
    checkedAt: at(60 * 3),
    problem: { class: "registry.denied", message: "ghcr.io refused the login of robot$shop", target: "web1" },
  },
] as Registry[];

export const addons = [
  {
    name: "postgres",
    kind: "postgres",
    version: "17",
    environment: "production",
    volume: "postgres-data-r12",
    aside: [{ volume: "postgres-data", version: "16", until: at(-60 * 24 * 2) }],
    by: mona,
    addedAt: at(60 * 24 * 9),
    variables: {
      DATABASE_URL: "postgres://app:<BERTH_ADDON_POSTGRES_PASSWORD>@postgres:5432/app",
      PGHOST: "postgres",
      PGPORT: "5432",
      PGUSER: "app",
      PGPASSWORD: "<BERTH_ADDON_POSTGRES_PASSWORD>",
      PGDATABASE: "app",
    },
  },
  {
    name: "jobs",
    kind: "redis",
    version: "7",
    environment: "production",
    volume: "jobs-data",
    services: ["web", "worker"],
    image: "valkey/valkey:7.2",
    args: ["--maxmemory", "200mb"],
    memory: "512m",
    by: mona,
    addedAt: at(60 * 3),
    variables: {
      JOBS_URL: "redis://default:<BERTH_ADDON_JOBS_PASSWORD>@jobs:6379",
      JOBS_HOST: "jobs",
      JOBS_PORT: "6379",
      JOBS_PASSWORD: "<BERTH_ADDON_JOBS_PASSWORD>",
    },
  },
] as Addon[];

export const secrets = [
  { name: "DB_PASSWORD", kind: "secret", namespace: "default", version: 12, changedAt: at(60 * 24 * 3) },
  { name: "STRIPE_WEBHOOK_SIGNING_SECRET_OF_THE_SHOP", kind: "secret", namespace: "default", version: 7, changedAt: at(5) },
  { name: "DB_PASSWORD", kind: "secret", namespace: "eu-west", version: 13, changedAt: at(60 * 2) },
] as Variable[];

export const secretHistory = {
  ...secrets[0],
  versions: [
    { version: 12, by: mona, at: at(60 * 24 * 3) },
    { version: 3, by: { kind: "token", id: "tok_1", name: "ci of the shop" }, at: at(60 * 24 * 40) },
  ],
} as VariableHistory;

export const deployers = [
  {
    id: "dpr_01JABCDEFGHJKMNPQRSTVWXYZ0",
    provider: "github",
    app: "shop",
    repository: "acme/shop",
    ref: "refs/heads/main",
    createdAt: at(9),
    lastUsedAt: at(2),
    by: { kind: "user", id: "usr_1" },
  },
  {
    id: "dpr_01JABCDEFGHJKMNPQRSTVWXYZ9",
    provider: "github",
    app: "internal-tools-of-the-warehouse",
    repository: "acme-holding-international/internal-tools",
    jobEnvironment: "production",
    pullRequests: true,
    createdAt: at(9),
    by: { kind: "user", id: "usr_1" },
  },
] as Deployer[];

export const lines = [
  {
    id: "aud_1",
    at: at(5),
    action: "deployment.end",
    subject: "shop/production",
    actor: { kind: "system", id: "rollout" },
    result: "failed",
    detail: "job_01JABCDEFGHJKMNPQRSTVWXYZ1, release 12, unhealthy: web is unhealthy",
  },
  {
    id: "aud_2",
    at: at(6),
    action: "token.create",
    subject: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0",
    subjectName: "ci of the shop",
    actor: { kind: "user", id: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0", name: "ada@example.com" },
    result: "ok",
  },
  {
    id: "aud_3",
    at: at(7),
    action: "session.create",
    subject: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0",
    actor: { kind: "user", id: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0" },
    result: "ok",
  },
] as AuditLine[];

export const plans = [
  {
    name: "solo",
    title: "Solo",
    for: "one developer's apps",
    price: 900,
    currency: "usd",
    slots: 3,
    targets: 2,
    logDays: 7,
    concurrent: 1,
  },
  {
    name: "pro",
    title: "Pro",
    for: "a product and its staging",
    price: 1900,
    currency: "usd",
    slots: 10,
    targets: 5,
    logDays: 30,
    concurrent: 3,
  },
] as PricingPlan[];

export const usage: Usage = {
  plan: "pro",
  entitlement: "grace",
  because: null,
  graceUntil: at(-60 * 72),
  slots: { used: 10, limit: 10 },
  targets: { used: 2, limit: 5 },
  concurrent: 3,
  logDays: 30,
  logsShorter: null,
};
export const bill: Billing = {
  plan: "studio",
  entitlement: "restricted",
  because: "unpaid",
  reason: null,
  graceUntil: at(60),
  periodEnd: at(-60 * 24 * 12),
  cancelAt: null,
  pendingPlan: "solo",
  hold: true,
  syncedAt: at(1),
} as Billing;

export const change: PlanChange = {
  from: "solo",
  plan: "pro",
  kind: "upgrade",
  status: "preview",
  at: at(0),
  due: 731,
  currency: "usd",
  url: null,
  over: { slots: 0, targets: 0 },
};
export const smaller: PlanChange = {
  ...change,
  from: "pro",
  plan: "solo",
  kind: "downgrade",
  at: at(-60 * 24 * 12),
  due: 0,
  over: { slots: 2, targets: 1 },
};
export const page = "https://invoice.stripe.com/i/acct_1/test_YWNjdF8xMDMyRDgyZVp2S1lsbzJDLF9OUjR";
export const invoices: Invoice[] = [
  {
    id: "in_3",
    number: "BRTH-0003",
    status: "open",
    amount: 4900,
    remaining: 1900,
    currency: "usd",
    createdAt: at(60),
    paidAt: null,
    lines: ["1 × Berth Studio (at $49.00 / month)", "Unused time on Berth Pro"],
    url: page,
    pdf: null,
  },
  {
    id: "in_2",
    number: "BRTH-0002",
    status: "paid",
    amount: 731,
    remaining: 0,
    currency: "usd",
    createdAt: at(60 * 24 * 31),
    paidAt: at(60 * 24 * 31 - 1),
    lines: ["1 × Berth Pro (at $19.00 / month)"],
    url: `${page}2`,
    pdf: null,
  },
  {
    id: "in_1",
    number: null,
    status: "void",
    amount: -300,
    remaining: 0,
    currency: "eur",
    createdAt: at(60 * 24 * 62),
    paidAt: null,
    lines: [],
    url: null,
    pdf: null,
  },
];
