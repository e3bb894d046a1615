import type { ComponentType } from "preact";
import { lazy } from "./ui/lazy.tsx";

/** The parts of an address that its path names are the page's props. `menu`: its word there, in this order. */
const page = <Parts extends object>(path: string, load: () => Promise<ComponentType<Parts>>, menu?: string) => ({
  path,
  menu,
  Page: lazy(load as () => Promise<ComponentType<object>>),
});

export const Home = lazy(() => import("./home/home.tsx").then((module) => module.Home));

/** Every page for those who are signed in, but the first. */
export const signedInPages = [
  page("/targets", () => import("./target/targets.tsx").then(({ Targets }) => Targets), "Targets"),
  page("/registries", () => import("./registry/registries.tsx").then(({ Registries }) => Registries), "Registries"),
  page("/tokens", () => import("./token/tokens.tsx").then(({ Tokens }) => Tokens), "Tokens"),
  page("/deployers", () => import("./deployer/deployers.tsx").then(({ Deployers }) => Deployers), "Deployers"),
  page("/policy", () => import("./policy/policy.tsx").then(({ PolicyPage }) => PolicyPage), "Policy"),
  page("/audit", () => import("./audit/audit.tsx").then(({ Audit }) => Audit), "Audit"),
  page("/billing", () => import("./billing/billing.tsx").then(({ Billing }) => Billing), "Billing"),
  page("/billing/return", () => import("./billing/return.tsx").then(({ BillingReturn }) => BillingReturn)),
  page("/plans", () => import("./billing/plans.tsx").then(({ Plans }) => Plans)),
  page("/apps/:app", () => import("./app/app.tsx").then(({ AppPage }) => AppPage)),
  page("/jobs/:job", () => import("./job/job.tsx").then(({ JobPage }) => JobPage)),
  page("/device", () => import("./auth/device.tsx").then(({ Device }) => Device)),
  page("/account", () => import("./account/account.tsx").then(({ Account }) => Account)),
];
