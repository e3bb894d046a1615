import type { RunInput } from "@berth/domain/remote/remote.ts";
import { KEPT } from "./keeping.ts";
import { jobOf, type Known, type Row } from "./known.ts";
import { addedOf } from "./reporting.ts";
import type { Project, Run, Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import { unsealed } from "./world.ts";

interface Named {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
}

/** Holds secrets and add-ons to what is promised of them. */
export function judgeKeeping({ violate }: Stage, known: Known) {
  /** Values as they were set, by the key of their row. */
  const values = new Map<string, string>();
  const releases = new Map<string, Row>();
  const addons = new Map<string, Row>();
  const holds = (value: unknown): boolean =>
    typeof value === "string"
      ? value.includes(KEPT)
      : value instanceof Uint8Array
        ? Buffer.from(value).includes(KEPT)
        : typeof value === "object" && value !== null && Object.values(value).some(holds);

  return {
    written(pk: string, sk: string, row: Row | undefined): void {
      if (row && holds(row)) violate("17 no value lies open in the table", `${pk} ${sk}`);
      if (sk.startsWith("ADDON#")) row ? addons.set(`${pk}|${sk}`, row) : addons.delete(`${pk}|${sk}`);
      if (!row) return; // what is erased was set once
      const of = /^(?:VALUE|ADDON)#([^#]+)#/.exec(sk)?.[1];
      if (of !== undefined) known.kept.set(of, (known.kept.get(of) ?? 0) + 1);
      if (sk.startsWith("VALUE#")) values.set(`${pk}|${sk}`, Buffer.from(unsealed(row.data as Uint8Array)).toString());
      if (sk.startsWith("REL#")) releases.set(`${pk}|${sk}`, row);
    },

    /** A run is given the values that its release names, and no others. */
    began({ tenant, host }: Server, { job: run, input }: Run): void {
      const job = known.jobs.get(jobOf(run));
      if (!job || input.op !== "deploy") return;
      const pk = `TENANT#${tenant}`;
      const at = `${job.appId}#${job.environment}#`;
      const release = releases.get(`${pk}|REL#${at}${String(job.release).padStart(6, "0")}`);
      const named = (release?.variables ?? []) as readonly Named[];
      const wanted = named.map(({ name, namespace, version }) => {
        const value = values.get(`${pk}|VALUE#${at}${namespace}#${name}#${String(version).padStart(8, "0")}`);
        return `${name}='${value}'`;
      });
      const given = envOf(input).filter((line) => line.includes(KEPT));
      if (wanted.sort().join() !== given.sort().join())
        violate("17 a run has the versions that its release names", `${run} on ${host}: ${given.join()} for ${wanted.join()}`);
    },

    /** Where an add-on has another volume than before, its data has gone along, or somebody said that it need not. */
    took(server: Server, { job: run, input }: Run, project: Project, before: number | undefined): void {
      if (input.op !== "deploy") return;
      const was = before === undefined ? undefined : project.added.get(before);
      for (const [name, { volume }] of addedOf(input)) {
        const old = was?.get(name)?.volume;
        const job = known.jobs.get(jobOf(run));
        if (old === undefined || old === volume || job?.input?.dataRisk === "accepted" || job?.again) continue;
        if (project.data.get(volume) !== project.data.get(old))
          violate("17 an upgrade takes all data along", `${run} on ${server.host}: ${name} from ${old} to ${volume}`);
      }
    },

    /** An add-on is what the last upgrade made of it that succeeded. */
    rest(): void {
      for (const [at, row] of addons) {
        const [, app, environment, name] = at.slice(at.indexOf("|") + 1).split("#");
        const mine = [...known.jobs.values()].filter(
          (job) =>
            at.startsWith(`TENANT#${job.tenant}|`) &&
            job.app === app &&
            job.environment === environment &&
            job.input?.upgrade === name &&
            job.input?.leaves !== undefined &&
            job.status === "succeeded",
        );
        const last = mine.sort((a, b) => (known.endedAt.get(a.id) ?? 0) - (known.endedAt.get(b.id) ?? 0)).at(-1);
        const volume = last ? `${name}-data-r${last.release}` : undefined;
        if (row.volume !== volume)
          violate("17 an upgrade that broke leaves the old volume", `${at} has ${row.volume}, and ${last?.id} made ${volume}`);
      }
    },
  };
}

const envOf = ({ files }: RunInput) => String(files.find(({ path }) => path === ".env")?.content ?? "").split("\n");
