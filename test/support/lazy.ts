// Loaded at their first use in production; in tests before anything else, so that a first import on a slow machine shifts no order of events.
await Promise.all([
  import("ipaddr.js"),
  import("yaml"),
  import("@berth/domain/deployment/deploy.ts"),
  import("@berth/domain/engine/cancel.ts"),
  import("@berth/domain/app/create.ts"),
  import("@berth/domain/target/add.ts"),
  import("@berth/domain/registry/add.ts"),
  import("@berth/domain/registry/check.ts"),
  import("@berth/domain/deployment/remove.ts"),
  import("@berth/domain/release/known.ts"),
  import("@berth/domain/token/issue.ts"),
  import("@berth/domain/container/fresh.ts"),
  import("@berth/domain/log/open.ts"),
  import("@berth/domain/log/read.ts"),
  import("@berth/domain/closing/close.ts"),
  import("@berth/domain/token/device.ts"),
  import("@berth/domain/deployer/add.ts"),
  import("@berth/domain/deployer/exchange.ts"),
  import("@berth/domain/import/apply.ts"),
  import("@berth/domain/billing/change.ts"),
  import("@berth/domain/billing/checkout.ts"),
  import("@berth/domain/billing/portal.ts"),
  import("@berth/domain/billing/refresh.ts"),
]);

export {};
