import type { Target } from "@berth/api-client/types.ts";
import { toned } from "../job/view.ts";
import { facts, type Layout, table } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";
import { addressText } from "./address.ts";
import { fixOf } from "./fix.ts";

/** What a check found, by name; servers say it, so it may be anything. */
const fact = ({ facts: found }: Target, name: string): string | undefined => {
  const value = found?.[name];
  return typeof value === "string" || typeof value === "number" ? clean(String(value)) : undefined;
};

const gigabytes = (megabytes: string | undefined) => {
  const number = Number(megabytes);
  return megabytes === undefined || Number.isNaN(number) ? undefined : `${(number / 1024).toFixed(number < 10_240 ? 1 : 0)} GB`;
};

const of = (free: string | undefined, whole: string | undefined) =>
  free === undefined ? undefined : whole === undefined ? `${free} free` : `${free} free of ${whole}`;

export const targetTable = (targets: readonly Target[], { width, paint, now }: Layout): string[] =>
  table<Target>(
    [
      { title: "NAME", cell: ({ name }) => name, paint: (on, text) => on.bold(text) },
      { title: "STATUS", cell: ({ status }) => status, paint: (on, text, { status }) => toned(on, text, status) },
      { title: "ADDRESS", cell: addressText, keep: 5, least: 14 },
      { title: "LABELS", cell: ({ labels }) => labels?.join(" ") ?? "", keep: 1, least: 10 },
      { title: "DOCKER", cell: (target) => fact(target, "docker") ?? "", keep: 3 },
      { title: "ARCH", cell: (target) => fact(target, "arch") ?? "", keep: 2 },
      { title: "FREE", cell: (target) => gigabytes(fact(target, "disk_free_mb")) ?? "", keep: 4, right: true },
      { title: "CHECKED", cell: ({ checkedAt }) => (checkedAt ? ago(checkedAt, now) : "never"), keep: 1 },
    ],
    targets,
    { width, paint },
  );

/** One server: who, how it is, what it has, what is wrong and what to do about it. */
export function targetLines(target: Target, { width, paint, now }: Layout): string[] {
  const { hostKey, shownKey, problem, status } = target;
  const lines = facts(
    [
      ["Name", paint.bold(target.name)],
      ["Address", addressText(target)],
      ["Role", target.ssm && clean(target.ssm.role)],
      ["Trusts", target.ssm && `account ${clean(target.ssm.account)} with external id ${clean(target.ssm.externalId)}`],
      ["Default", target.default ? "yes, of this account" : undefined],
      ["Labels", target.labels && target.labels.length > 0 ? target.labels.join(", ") : undefined],
      ["Status", `${toned(paint, status, status)}${target.checkedAt ? `, checked ${ago(target.checkedAt, now)}` : ""}`],
      ["Problem", problem && `${clean(problem.message)} (${problem.class})`],
      ["What to do", problem?.remedy && clean(problem.remedy)],
      ["Host key", hostKey && `${clean(hostKey.fingerprint)} ${clean(hostKey.type)}`],
      [
        "Shown key",
        shownKey && shownKey.fingerprint !== hostKey?.fingerprint ? `${clean(shownKey.fingerprint)} (not confirmed)` : undefined,
      ],
      ...foundPairs(target),
    ],
    { width, paint },
  );
  // There to be copied, so it never goes.
  return target.publicKey === undefined ? lines : [...lines, paint.dim("Public key"), `  ${clean(target.publicKey)}`];
}

const foundPairs = (target: Target): (readonly [string, string | undefined])[] => [
  ["Docker", fact(target, "docker")],
  ["Compose", fact(target, "compose")],
  ["System", [fact(target, "os"), fact(target, "arch")].filter(Boolean).join(", ") || undefined],
  ["Disk", of(gigabytes(fact(target, "disk_free_mb")), gigabytes(fact(target, "disk_mb")))],
  ["Memory", of(gigabytes(fact(target, "memory_free_mb")), gigabytes(fact(target, "memory_mb")))],
];

/** How checks of many came out, each with what puts it right. */
export const checkTable = (targets: readonly Target[], { width, paint }: Pick<Layout, "width" | "paint">): string[] =>
  table<Target>(
    [
      { title: "NAME", cell: ({ name }) => name, paint: (on, text) => on.bold(text) },
      { title: "STATUS", cell: ({ status }) => status, paint: (on, text, { status }) => toned(on, text, status) },
      { title: "DOCKER", cell: (target) => fact(target, "docker") ?? "", keep: 1 },
      {
        title: "PROBLEM",
        cell: ({ status, problem }) => (status === "ready" ? "" : (problem?.message ?? "")),
        least: 24,
        keep: 2,
      },
      // There to be copied, so it never goes.
      { title: "FIX", cell: (target) => fixOf(target) ?? "", paint: (on, text) => on.cyan(text) },
    ],
    targets,
    { width, paint },
  );

/** How a check came out, in a few lines. */
export function checkedLines(target: Target, { width, paint }: Pick<Layout, "width" | "paint">): string[] {
  const to = { width, paint };
  if (target.status === "ready")
    return [
      `${paint.green("✓")} ${paint.bold(target.name)} is ready`,
      ...facts(
        foundPairs(target).map(([name, value]) => [`  ${name}`, value] as const),
        to,
      ),
    ];
  const { problem } = target;
  return [
    `${paint.red("✗")} ${paint.bold(target.name)} is ${toned(paint, target.status, target.status)}`,
    ...facts(
      [
        ["  Problem", problem && `${clean(problem.message)} (${problem.class})`],
        ["  What to do", problem?.remedy && clean(problem.remedy)],
      ],
      to,
    ),
  ];
}
