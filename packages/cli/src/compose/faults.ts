import { type ComposeFile, isActive, isFields, type Part, type Service } from "@berth/domain/compose/file.ts";
import { refuse } from "../refusal.ts";

/** Faults that Compose refuses and `berth app init --fix` corrects. */

/** A named volume that a service mounts; undefined for a path, an anonymous volume and whatever only Compose can tell. */
export function volumeOf(mount: unknown): string | undefined {
  if (isFields(mount))
    return mount.type === "volume" && typeof mount.source === "string" && isName(mount.source) ? mount.source : undefined;
  const [source = "", target] = String(mount).split(":");
  return target !== undefined && isName(source) ? source : undefined;
}

/** Compose takes one letter for a drive of Windows. */
const isName = (source: string) => /^[a-zA-Z0-9][\w.-]+$/.test(source);

/** Volumes that are mounted and declared nowhere, each with a service that mounts it. */
export function undeclaredVolumes(
  { services, volumes, partial }: ComposeFile,
  counts: (service: Service) => boolean,
): Map<string, string> {
  const found = new Map<string, string>();
  if (partial) return found;
  for (const [name, service] of services)
    if (counts(service))
      for (const mount of service.volumes) {
        const volume = volumeOf(mount);
        if (volume !== undefined && !volumes.has(volume) && !found.has(volume)) found.set(volume, name);
      }
  return found;
}

/** Keys that another tool reads in a Compose file and Compose refuses. */
export const foreignOfService: ReadonlySet<string> = new Set(["exclude_from_hc"]);
export const foreignOfVolume: ReadonlySet<string> = new Set(["content", "is_directory", "isDirectory", "mode"]);

interface ForeignKey {
  readonly path: string;
  readonly service: string;
  readonly key: string;
}

function foreignKeys({ path, documents }: Part): ForeignKey[] {
  const services = documents.flatMap((document) =>
    isFields(document) && isFields(document.services) ? Object.entries(document.services) : [],
  );
  return services.flatMap(([service, fields]) => {
    if (!isFields(fields)) return [];
    const mounts = Array.isArray(fields.volumes) ? fields.volumes.filter(isFields) : [];
    const keys = [
      ...Object.keys(fields).filter((key) => foreignOfService.has(key)),
      ...mounts.flatMap((mount) => Object.keys(mount).filter((key) => foreignOfVolume.has(key))),
    ];
    return [...new Set(keys)].map((key) => ({ path, service, key }));
  });
}

/** @throws Refused compose.invalid naming all that can be fixed */
export function checkFaults(file: ComposeFile, profiles: string | undefined): void {
  const volumes = [...undeclaredVolumes(file, (service) => isActive(service, profiles))];
  const keys = file.parts.flatMap(foreignKeys);
  if (volumes.length + keys.length === 0) return;
  const said = [
    ...(volumes.length > 0
      ? [
          `No \`volumes:\` at the top declares ${volumes.map(([volume, service]) => `"${volume}" (service ${service})`).join(", ")}.`,
        ]
      : []),
    ...(keys.length > 0
      ? [`Compose does not know ${keys.map(({ key, service, path }) => `\`${key}\` (${path}, service ${service})`).join(", ")}.`]
      : []),
  ];
  throw refuse("compose.invalid", {
    detail: said.join(" "),
    hint: "berth app init --fix corrects it; with --dry-run it only shows how.",
    next: ["berth app init --fix", "berth app init --fix --dry-run"],
  });
}
