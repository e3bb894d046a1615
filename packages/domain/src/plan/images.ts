/** Which image each service gets, and whether it has to be pulled. */
import { isBuilt } from "../compose/compose.ts";
import type { Making } from "./making.ts";
import type { PlannedImage } from "./plan.ts";
import type { RegistryImage, Report, ReportedImage, Resolved } from "./report.ts";
import type { Project, Service } from "./resolved.ts";

interface Found {
  readonly action: PlannedImage["action"];
  /** As the server names it; null for one that is neither there nor known to the registry. */
  readonly id: string | null;
  readonly there: ReportedImage | undefined;
  readonly registry: RegistryImage | undefined;
}

/** The id by which the server will know the service's image; null if it cannot be told. */
export const imageId = (report: Report, name: string, service: Service) => found(report, name, service, "build").id;

/** As `docker compose pull` decides it. A release that was healthy there has its own images (runner/images.sh). */
function found(report: Report, name: string, service: Service, making: Making): Found {
  const { image, pull_policy } = service;
  const pinned = report.release.pinned.get(name);
  if (pinned) return ofPinned(pinned, report.images.get(pinned));
  if (isBuilt(service)) return ofBuilt(report, name, making);
  const there = report.images.get(image ?? "");
  const registry = report.registry.get(image ?? "");
  const here = (id: string | null) => ({ action: "here" as const, id, there, registry });
  if (there && !isAsked(image ?? "", pull_policy ?? "")) return here(there.id);
  if (there && registry && isSame(there, registry, report.imagesByConfig)) return here(there.id);
  if (!registry || (there && !report.imagesByConfig && !isComparable(registry)))
    return { action: "unknown", id: there?.id ?? null, there, registry };
  return { action: "pull", id: report.imagesByConfig ? registry.id : (registry.digest ?? registry.id), there, registry };
}

const ofPinned = (id: string, there: ReportedImage | undefined): Found => ({
  ...{ action: there ? "here" : "pull", id, there, registry: undefined },
});

/** What nothing has changed for is built to the same image: all of it is kept (runner/build.sh). */
function ofBuilt(report: Report, name: string, making: Making): Found {
  const id = report.live?.pinned.get(name);
  const isSame = report.isSource && report.live && buildText(report.live, name) === buildText(report.release, name);
  return { action: id && isSame ? "here" : making, id: id && isSame ? id : UNBUILT, there: undefined, registry: undefined };
}

/** No image has this id. */
const UNBUILT = "";

function buildText({ folder, file }: Resolved, name: string): string {
  const services = file.services as Readonly<Record<string, { readonly build?: unknown }>> | undefined; // bounded by read-report.ts
  return JSON.stringify(services?.[name]?.build ?? null).replaceAll(folder, ".");
}

/** Whether the registry is asked although the image is there. */
function isAsked(image: string, policy: string): boolean {
  if (/@sha256:|^sha256:/.test(image) || policy === "never" || policy === "build") return false;
  const isLatest = image.lastIndexOf(":") <= image.lastIndexOf("/") || image.endsWith(":latest");
  return !(["missing", "if_not_present"].includes(policy) && !isLatest);
}

const isSame = (there: ReportedImage, { id, digest }: RegistryImage, byConfig: boolean) =>
  byConfig ? there.id === id : there.id === digest || there.digests.some((known) => known.endsWith(`@${digest}`));

/** In containerd's store an image has the digest of its manifest, or of the list of them. */
const isComparable = ({ digest }: RegistryImage) => digest !== null;

/** What each service's image takes. One that another service builds is built with that. */
export function imageActions(report: Report, release: Project, making: Making): Map<string, Found["action"] | "reuse"> {
  const services = [...release.services];
  const isMade = ([, service]: (typeof services)[number]) => !report.isRecorded && isBuilt(service);
  const made = new Set(services.filter(isMade).map(([name, { image }]) => image ?? name));
  return new Map(
    services.map((each) => {
      const [name, service] = each;
      const { action } = found(report, name, service, making);
      if (isMade(each)) return [name, action === making ? making : "reuse"];
      return [name, made.has(service.image ?? name) ? "here" : action];
    }),
  );
}

/** By the name that the release gives them. */
export function plannedImages(report: Report, release: Project, making: Making): PlannedImage[] {
  const images = new Map<string, PlannedImage>();
  for (const [name, service] of release.services) {
    const image = service.image ?? name;
    const { action, there, registry } = found(report, name, service, making);
    const known = images.get(image);
    const bytes =
      { here: there?.bytes, pull: registry?.bytes, build: undefined, carry: undefined, unknown: undefined }[action] ?? null;
    images.set(image, {
      image,
      services: [...(known?.services ?? []), name],
      action: known && known.action !== "here" ? known.action : action,
      digest: digestOf(image, action, there, registry),
      bytes: known?.action === "pull" ? known.bytes : bytes,
    });
  }
  return [...images.values()].sort((a, b) => (a.image < b.image ? -1 : 1));
}

function digestOf(image: string, action: Found["action"], there: ReportedImage | undefined, registry: RegistryImage | undefined) {
  if (action === "pull") return registry?.digest ?? null;
  const named = repositoryOf(image);
  const known =
    there?.digests.find((each) => repositoryOf(each) === named) ?? there?.digests.find((each) => !each.startsWith("berth/"));
  return known?.split("@")[1] ?? null;
}

/** Docker's own names have `docker.io/library/` before them, or not. */
const repositoryOf = (image: string) =>
  image
    .replace(/@.*/, "")
    .replace(/:[^:/]*$/, "")
    .replace(/^docker\.io\//, "")
    .replace(/^library\//, "");
