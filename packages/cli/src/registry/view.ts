import type { Registry } from "@berth/api-client/types.ts";
import { loginWords } from "@berth/domain/registry/login-words.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}

export const registryTable = (registries: readonly Registry[], { width, paint, now }: Look): string[] =>
  table<Registry>(
    [
      { title: "REGISTRY", cell: ({ host }) => host, paint: (on, text) => on.bold(text) },
      { title: "USER", cell: ({ user }) => user, keep: 3, least: 6 },
      {
        title: "LOGIN",
        cell: (registry) => clean(loginWords(registry)),
        keep: 4,
        least: 11,
        paint: (on, text, { problem, checkedAt }) => (problem ? on.red(text) : checkedAt ? on.green(text) : on.dim(text)),
      },
      { title: "CHECKED", cell: ({ checkedAt }) => (checkedAt ? ago(checkedAt, now) : "never"), keep: 1 },
      { title: "STORED", cell: ({ addedAt }) => ago(addedAt, now), keep: 2 },
    ],
    registries,
    { width, paint },
  );
