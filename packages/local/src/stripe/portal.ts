import type { World } from "./world.ts";
export interface PortalConfiguration {
  id: string;
  object: "billing_portal.configuration";
}
export interface PortalSession {
  id: string;
  object: "billing_portal.session";
}

export function openPortal(_world: World, _customer: string, _returnUrl: string | null): string | undefined {
  return undefined;
}
