import { createHash } from "node:crypto";
import * as z from "zod";
import { userName } from "../remote/user-name.ts";

/** The export of a self-hosted installation (docs/import.md). Unknown members are dropped, but searched for secrets. */
const name = z
  .string()
  .max(39)
  .regex(/^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$/, "lower-case letters, digits and dashes, starting with a letter, at most 39");
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\u0000-\u001f\u007f]*$/, "one line of text");

const ExportedTarget = z.looseObject({
  name,
  host: line(253),
  port: z.number().int().min(1).max(65_535).default(22),
  user: z.string().max(32).regex(userName, "a Unix user name").default("root"),
});

const ExportedApp = z.looseObject({
  name,
  environments: z.array(name).max(20).default(["production"]),
  compose: z.string().min(1).max(100_000),
  targets: z.array(name).max(50).default([]).describe("Names of targets above"),
  variables: z
    .array(
      z
        .string()
        .max(100)
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "a variable's name, without its value"),
    )
    .max(200)
    .default([])
    .describe("Names only"),
});

const ExportedRelease = z.looseObject({
  app: line(60),
  environment: name.default("production"),
  number: z.number().int().min(1).max(999_999),
  images: z.array(line(500)).max(50).default([]),
  createdAt: z.iso.datetime({ offset: true }).max(40),
});

const ExportedWebhook = z.looseObject({ repository: line(200), branch: line(200), app: line(60) });

export const FORMAT = "berth-self-hosted";

export const Export = z
  .looseObject({
    format: z.literal(FORMAT),
    version: z.literal(1),
    targets: z.array(ExportedTarget).max(50).default([]),
    apps: z.array(ExportedApp).max(100).default([]),
    releases: z.array(ExportedRelease).max(2000).default([]),
    webhooks: z.array(ExportedWebhook).max(200).default([]),
  })
  .superRefine(({ targets, apps }, ctx) => {
    const refuse = (path: (string | number)[], message: string) => ctx.addIssue({ code: "custom", path, message });
    const known = new Set(targets.map((each) => each.name));
    for (const [what, list] of Object.entries({ targets, apps }))
      for (const [i, each] of list.entries())
        if (list.findIndex((other) => other.name === each.name) < i) refuse([what, i, "name"], "this name is there twice");
    for (const [i, app] of apps.entries())
      for (const [j, target] of app.targets.entries())
        if (!known.has(target)) refuse(["apps", i, "targets", j], "there is no target of this name in the export");
  });

export interface SelfHosted {
  readonly targets: readonly { readonly name: string; readonly host: string; readonly port: number; readonly user: string }[];
  readonly apps: readonly {
    readonly name: string;
    readonly environments: string[];
    readonly compose: string;
    readonly targets: string[];
    readonly variables: string[];
  }[];
  readonly releases: readonly (Note & { readonly app: string })[];
  readonly webhooks: readonly { readonly repository: string; readonly branch: string; readonly app: string }[];
}

export const Note = z.object({
  environment: z.string(),
  number: z.number().int(),
  images: z.array(z.string()),
  createdAt: z.string(),
});
export type Note = z.infer<typeof Note>;

export const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");
