import type { Access, Rule } from "./access.ts";
import type { Policy, WholePolicy } from "./policy.ts";

/** What each kind of access gives a container, in words. */
export const accessNames: Readonly<Record<Access, string>> = {
  privileged: "All rights on the server (privileged)",
  "docker.sock": "Docker's socket, which is as much as all rights",
  "host-path": "Files and folders of the server outside the app's own",
  "host-namespace": "The server's own network, processes or users",
  device: "Devices of the server, such as a graphics card",
  capability: "Rights of the kernel beyond Docker's usual ones",
};

/** What a rule does, from the mildest to the strictest. */
export const ruleNames: Readonly<Record<Rule, string>> = {
  allow: "allow: nothing is said",
  warn: "warn: the plan says so",
  ask: "ask: only with --allow",
  deny: "deny: never",
};

/** Which rule holds: the app's own where it is the one in effect, else the account's, else the default. */
export function sourceOf(
  access: Access,
  effective: WholePolicy,
  app: Policy | undefined,
  account: Policy,
): "app" | "account" | "default" {
  if (app?.[access] === effective[access]) return "app";
  return account[access] === effective[access] ? "account" : "default";
}
