import { hostOf, registryHost } from "@berth/domain/remote/registry-host.ts";
import { usage } from "../refusal.ts";

/** @throws Refused */
export function checkHost(text: string): string {
  const host = hostOf(text);
  if (!registryHost.test(host))
    throw usage(
      `"${text}" is not a registry's host, such as ghcr.io or registry.example.com:5000. Docker Hub is docker.io.`,
      "berth registry list",
    );
  return host;
}
