/** What of a release could lose or lock away data. */
import { type Database, databaseOf } from "./database.ts";
import type { Difference } from "./differences.ts";
import type { Risk } from "./plan.ts";
import type { Report } from "./report.ts";
import type { Mount, Project, Service } from "./resolved.ts";

export function risks(
  report: Report,
  release: Project,
  live: Project | undefined,
  differences: readonly Difference[],
  moves: readonly string[],
): Risk[] {
  const found: Risk[] = [];
  for (const { service: name, create, replace } of differences) {
    if (moves.includes(name)) continue;
    const [before, after] = [live?.services.get(name), release.services.get(name)];
    const say = (risk: Risk["risk"], message: string) => found.push({ risk, service: name, message: `${name} ${message}` });
    const was = before && live && { service: before, project: live, database: databaseOf(before) };
    const will = after && { service: after, project: release, database: databaseOf(after) };
    if (will?.database && was?.database && will.database.name === was.database.name) {
      if (!isOther(placeOf(was), placeOf(will))) versions(was.database, will.database, say);
      if (was.database.major === will.database.major) moved(was, will, say);
    }
    if (will?.database && create + replace > 0) unnamed(will.service, will.database, say);
    if (was) volumes(was, will, usedIn(release), report.volumes, say);
  }
  return found;
}

type Say = (risk: Risk["risk"], message: string) => void;

interface Side {
  readonly service: Service;
  readonly project: Project;
  readonly database: Database | undefined;
}

function versions(was: Database, will: Database, say: Say): void {
  const order = compareMajors(was.major, will.major);
  const [from, to] = [`${was.name} ${was.major}`, `${will.name} ${will.major}`];
  if (order !== 0 && will.reads === "own")
    say(
      "database.major",
      `goes from ${from} to ${to}, which cannot read its data and will not start. Dump the database first, deploy ${to} with a new volume, and load the dump into it.`,
    );
  if (order > 0 && will.reads === "older")
    say(
      "database.major",
      `goes back from ${from} to ${to}, which cannot read newer data. Stay with ${from}, or load a dump into a new volume.`,
    );
  if (order < 0 && will.reads === "older" && !will.isCache)
    say(
      "database.major",
      `goes from ${from} to ${to}, which changes its data for good: after that a rollback to ${from} cannot start. Make a dump before you deploy.`,
    );
  if (was.name === "PostgreSQL" && was.isAlpine !== will.isAlpine && order === 0)
    say(
      "image.libc",
      `changes from an ${was.isAlpine ? "Alpine to a Debian" : "image of Debian to one of Alpine"}, which sorts text in another order: indexes of text become wrong without a word. Stay with ${was.isAlpine ? "Alpine" : "Debian"}, or run REINDEX on every database after it.`,
    );
}

/** Negative if the second is newer. `8` and `8.0` may be the same. */
function compareMajors(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const [first, second] = [a.split(".").map(Number), b.split(".").map(Number)];
  const at = first.findIndex((part, i) => second[i] !== undefined && part !== second[i]);
  return at === -1 ? 0 : first[at]! - second[at]!; // both have it
}

/** A database that keeps its data somewhere else than before, on what is there. */
function moved(was: Side, will: Side, say: Say): void {
  const [old, now] = [placeOf(was), placeOf(will)];
  if (!old || !now || (old.on === now.on && old.below === now.below)) return;
  if (isOther(old, now)) return;
  say(
    "database.path",
    `looks for its data in ${now.on}${now.below} instead of ${old.on}${old.below}, and starts with an empty database. Set the path back, or move the files there while it is stopped.`,
  );
}

/** Another volume, which is told as such. */
const isOther = (old: Place | undefined, now: Place | undefined) =>
  old !== undefined && now !== undefined && old.on !== now.on && old.isVolume && now.isVolume;

interface Place {
  readonly on: string;
  readonly below: string;
  readonly isVolume: boolean;
}

/** Where a database's folder is: on a volume or a path of the server, and below it. */
function placeOf({ service, project, database }: Side): Place | undefined {
  if (!database) return undefined;
  const mount = mountAt(service, database.path);
  if (!mount?.source || !mount.target) return undefined;
  const isVolume = mount.type === "volume";
  const on = isVolume ? `the volume ${nameOf(project, mount.source)}` : mount.source;
  return { on, below: database.path.slice(mount.target.replace(/\/$/, "").length), isVolume };
}

/** The innermost mount that holds a path. */
const mountAt = ({ volumes }: Service, path: string): Mount | undefined =>
  (volumes ?? [])
    .filter(({ target }) => target && `${path}/`.startsWith(`${target.replace(/\/$/, "")}/`))
    .toSorted((a, b) => b.target!.length - a.target!.length)[0]; // those without a target are left out

const nameOf = (project: Project, key: string) => project.volumes.get(key)?.name ?? key;

/** A database whose folder is on nothing that has a name. What is lost with its container, a cache may lose. */
function unnamed(service: Service, { name, path, isCache, major }: Database, say: Say): void {
  const mount = mountAt(service, path);
  if (isCache || mount?.source || mount?.type === "tmpfs") return;
  const inside = (service.volumes ?? []).find(({ target }) => target?.startsWith(`${path.replace(/\/\d+\/docker$/, "")}/`));
  const instead =
    inside && name === "PostgreSQL"
      ? `From version 18 on ${name} keeps its data in ${path}, outside of ${inside.target}: mount the volume at /var/lib/postgresql.`
      : `Mount a named volume at ${path}.`;
  say(
    "volume.anonymous",
    `keeps the data of ${name}${major ? ` ${major}` : ""} in a volume without a name: when the service is renamed or removed, nothing finds it again. ${instead}`,
  );
}

const usedIn = (project: Project) =>
  new Set(
    [...project.services.values()].flatMap(({ volumes }) =>
      (volumes ?? []).flatMap(({ type, source }) => (type === "volume" && source ? [nameOf(project, source)] : [])),
    ),
  );

/** Volumes that the service wrote to and no longer has. */
function volumes(was: Side, will: Side | undefined, used: ReadonlySet<string>, there: ReadonlySet<string>, say: Say): void {
  for (const { type, source, target, read_only } of was.service.volumes ?? []) {
    if (type !== "volume" || read_only) continue;
    if (!source) {
      if (!will && was.database && !was.database.isCache && mountAt(was.service, was.database.path)?.target === target)
        say(
          "volume.anonymous",
          `is removed, and its data stays in a volume without a name that nothing finds again. Dump the database first.`,
        );
      continue;
    }
    const name = nameOf(was.project, source);
    if (!there.has(name)) continue;
    const now = will?.service.volumes?.find((mount) => mount.target === target);
    const renamed = will && now?.type === "volume" && now.source ? nameOf(will.project, now.source) : undefined;
    if (renamed === name) continue;
    if (renamed !== undefined) {
      say(
        "volume.renamed",
        `gets the volume ${renamed} at ${target} instead of ${name}, ${there.has(renamed) ? "with what is in that one" : "which is new and empty"}; the data stays in ${name}. Keep the old name, with \`name: ${name}\` below the volume, or copy the data first.`,
      );
    } else if (!used.has(name))
      say(
        "volume.dropped",
        `${will ? `has no volume at ${target} any more` : "is removed"}, and no service uses ${name}. The volume and its data stay on the server, until somebody deletes them.`,
      );
  }
}
