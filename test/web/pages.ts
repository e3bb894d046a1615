import type { Scene } from "./scene.ts";

/** Every page there is, with an account in the middle of its life. `signedOut` pages are what a visitor sees. */
export interface PageOf {
  readonly name: string;
  readonly path: string;
  readonly heading: string | RegExp;
  readonly signedOut?: boolean;
}

export const pagesOf = ({ good, failed, check, plan }: Scene, deviceCode: string): readonly PageOf[] => [
  { name: "landing", path: "/", heading: /A berth for every app/, signedOut: true },
  { name: "login", path: "/login", heading: "Sign in", signedOut: true },
  { name: "pricing", path: "/pricing", heading: "Pricing", signedOut: true },
  { name: "errors", path: "/errors", heading: "Errors", signedOut: true },
  { name: "home", path: "/", heading: "Apps" },
  { name: "app", path: "/apps/shop", heading: "shop" },
  { name: "job", path: `/jobs/${good.id}`, heading: /Deploy shop/ },
  { name: "job-failed", path: `/jobs/${failed.id}`, heading: /Deploy shop/ },
  { name: "job-check", path: `/jobs/${check.id}`, heading: /Check db1/ },
  { name: "job-plan", path: `/jobs/${plan.id}`, heading: /Plan a deployment of shop/ },
  { name: "targets", path: "/targets", heading: "Targets" },
  { name: "registries", path: "/registries", heading: "Registries" },
  { name: "tokens", path: "/tokens", heading: "Tokens" },
  { name: "deployers", path: "/deployers", heading: "Deployers" },
  { name: "policy", path: "/policy?app=shop", heading: "Policy" },
  { name: "device", path: `/device?code=${deviceCode}`, heading: "Confirm a login" },
  { name: "plans", path: "/plans", heading: "Plans" },
  { name: "billing", path: "/billing", heading: "Billing" },
  { name: "account", path: "/account", heading: "Account" },
  { name: "audit", path: "/audit", heading: "Audit" },
  { name: "missing", path: "/nowhere", heading: "There is no such page" },
];
