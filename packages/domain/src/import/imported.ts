import * as z from "zod";
import { appKey } from "../app/app.ts";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import type { Page, Paging } from "../page.ts";
import { fill, getAll } from "../query.ts";
import { key } from "../table.ts";
import { Note } from "./export.ts";

/** Notes about an imported app, for people; nothing deploys by them. They are valid as long as the app they were made with. */
export const Imported = z.object({
  app: z.string(),
  environments: z.array(z.string()),
  compose: z.string(),
  targets: z.array(z.string()),
  variables: z.array(z.string()),
  releases: z.array(Note),
  webhooks: z.array(z.object({ repository: z.string(), branch: z.string() })),
  importedAt: z.iso.datetime(),
});
export type Imported = z.infer<typeof Imported>;

export const StoredImport = Imported.extend({ appId: z.string(), digest: z.string(), version: z.number().int() });
export type StoredImport = z.infer<typeof StoredImport>;

/** DynamoDB limits a row to 400 KB. */
export const NOTES_BYTES = 300 * 1024;

export const importedKey = (ctx: Pick<Context, "tenant">, app: string) => key(ctx, `IMPORTED#${app}`);

export async function listImports(ctx: Context, input: Paging): Promise<Page<Imported>> {
  allow(ctx, "read", ANY_APP);
  const after = input.cursor === undefined ? undefined : `IMPORTED#${input.cursor}`;
  const range = { pk: key(ctx, "").pk, prefix: "IMPORTED#", after, limit: input.limit };
  const { items, last } = await fill(ctx, range, async (rows) => {
    const kept = rows.map((row) => StoredImport.parse(row));
    const apps = await getAll(
      ctx,
      kept.map(({ app }) => appKey(ctx, app)),
    );
    // Another app may have the name by now.
    const stands = ({ app, appId }: StoredImport, i: number) => mayUse(ctx, { app }) && apps[i]?.id === appId;
    return kept.map((each, i) => (stands(each, i) ? Imported.parse(each) : undefined));
  });
  return { items, next: last?.slice("IMPORTED#".length) ?? null };
}
