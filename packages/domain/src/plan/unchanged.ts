/** When a deployment has nothing to do on a server. */
import type { Difference } from "./differences.ts";
import type { TargetPlan } from "./plan.ts";
import type { Report } from "./report.ts";

/** The release is the live one, file by file and image by image, and each of its containers runs and is not unhealthy. */
export function isUnchanged(
  report: Report,
  differences: readonly Difference[],
  { images, volumes, networks }: Pick<TargetPlan, "images" | "volumes"> & { readonly networks: readonly string[] },
): boolean {
  const kept = new Set(differences.filter(isKept).map(({ service }) => service));
  return (
    report.isLive &&
    kept.size === differences.length &&
    images.every(({ action }) => action === "here") &&
    volumes.every(({ change }) => change !== "create") &&
    networks.length === 0 &&
    report.containers
      .filter(({ service }) => kept.has(service))
      .every(({ state, health }) => state === "running" && (health === "" || health === "healthy"))
  );
}

const isKept = ({ create, replace, restart, start, remove }: Difference) => create + replace + restart + start + remove === 0;
