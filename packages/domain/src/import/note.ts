import type { App } from "../app/app.ts";
import type { Note, SelfHosted } from "./export.ts";
import { NOTES_BYTES, type StoredImport } from "./imported.ts";
import type { ImportItem } from "./item.ts";

export interface Former {
  readonly app: App | undefined;
  readonly notes: StoredImport | undefined;
}

type Webhook = SelfHosted["webhooks"][number];

export const webhookName = ({ repository, branch, app }: Webhook) => `${repository}#${branch} -> ${app}`;

const releaseName = ({ environment, number }: Note) => `${environment} ${number}`;
const sameWebhook = (a: Omit<Webhook, "app">, b: Omit<Webhook, "app">) => a.repository === b.repository && a.branch === b.branch;

export function freshReleases({ releases }: SelfHosted, app: string, notes: StoredImport | undefined): Note[] {
  const known = new Set(notes?.releases.map(releaseName));
  const fresh: Note[] = [];
  for (const each of releases) {
    if (each.app !== app || known.has(releaseName(each))) continue;
    known.add(releaseName(each));
    const { app: _, ...release } = each;
    fresh.push(release);
  }
  return fresh;
}

const distinct = ({ webhooks }: SelfHosted) => [...new Map(webhooks.map((each) => [webhookName(each), each])).values()];

export const freshWebhooks = (document: SelfHosted, app: string, notes: StoredImport | undefined) =>
  distinct(document)
    .filter((each) => each.app === app && !notes?.webhooks.some((kept) => sameWebhook(kept, each)))
    .map(({ repository, branch }) => ({ repository, branch }));

/** An app's releases are one item, each webhook is one; they are imported only with their app. */
export function planNotes(document: SelfHosted, apps: readonly ImportItem[], former: ReadonlyMap<string, Former>): ImportItem[] {
  const fates = new Map(apps.map((each) => [each.name, each.action]));
  const missed = (app: string): Pick<ImportItem, "action" | "reason"> | undefined => {
    const fate = fates.get(app);
    if (fate === "create" || fate === "exists") return undefined;
    return { action: "skipped", reason: fate ? `The app ${app} is not imported.` : `There is no app ${app} in the export.` };
  };
  const histories = [...Map.groupBy(document.releases, ({ app }) => app)].map(([app, releases]): ImportItem => {
    const item = { kind: "history" as const, name: app };
    const skipped = missed(app);
    if (skipped) return { ...item, ...skipped };
    const notes = former.get(app)?.notes;
    const fresh = freshReleases({ ...document, releases }, app, notes);
    if (fresh.length === 0) return { ...item, action: "exists" };
    if (Buffer.byteLength(JSON.stringify([notes?.releases ?? [], fresh])) > NOTES_BYTES / 2)
      return { ...item, action: "skipped", reason: "There are too many releases to keep; leave the oldest out of the export." };
    return { ...item, action: "create", reason: `${fresh.length} kept as notes.` };
  });
  const webhooks = distinct(document).map((webhook): ImportItem => {
    const item = { kind: "webhook" as const, name: webhookName(webhook) };
    const known = freshWebhooks({ ...document, webhooks: [webhook] }, webhook.app, former.get(webhook.app)?.notes).length === 0;
    return { ...item, ...(missed(webhook.app) ?? { action: known ? "exists" : "create" }) };
  });
  return [...histories, ...webhooks];
}
