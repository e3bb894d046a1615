import { readFileSync } from "node:fs";
import { catalogue } from "@berth/domain/error.ts";
import { failures } from "@berth/domain/job/failure.ts";
import type { Mail } from "@berth/domain/mail/mail.ts";
import { templates, writeMail } from "@berth/domain/mail/write.ts";
import { parseSync } from "vite";
import { expect, test } from "vitest";
import { filesOf } from "./support/source.ts";

/** What is not built yet: no text may speak of it. Take a line out in the change that builds it. */
const notBuilt: Readonly<Record<string, RegExp>> = {
  backups: /\bback-?ups?\b|\brestore (drill|point)s?\b/i,
  "an export of one's data": /\bexports?\b/i,
  previews: /\bpreviews?\b/i,
  "watching, monitoring, alerts": /\bwatched\b|\bmonitor(s|ed|ing)?\b|\balerts?\b|\bincidents?\b/i,
  "domains and certificates": /\bTLS\b|\bcertificates?\b|\bcustom domains?\b|let's encrypt/i,
  "releases without a pause": /zero[- ]downtime|blue\/?green|\bcanary\b/i,
  "deploys from git": /\bgithub\b|\bgit push\b|\bwebhooks?\b/i,
  "other people in an account": /\bteam ?mates?\b|\binvite\b/i,
  "agents, proposals": /\bMCP\b|\bproposals?\b/,
  "WordPress sites": /\bwordpress\b/i,
};

/** Our own idioms, which nobody else's English has. */
const retired =
  /\bmend(s|ed|ing)?\b|\blets? (it|its key|our key|berth)( be let)? in\b|\bbrought along\b|\bblinks?\b|\bshall be done\b|\bsaid nothing\b/i;

/** Where one of those words is about something that is there. */
const meant: readonly { readonly at: RegExp; readonly text: RegExp; readonly why: string }[] = [
  { at: /\/import\/|commands\.ts$|refusal\.ts$|error\.ts$/, text: /export/i, why: "the file that `berth import` reads" },
  { at: /\/remote\//, text: /export/i, why: "a command of the shell" },
  { at: /\/import\/|imports\.ts$/, text: /webhook|preview/i, why: "what such a file tells of, and the look at its plan" },
  { at: /\/plan\/change\.ts$|\/change-plan\.tsx$|billing\//, text: /preview/i, why: "what a change of the plan would cost" },
  { at: /failures?\.ts$|error\.ts$/, text: /registry's CA certificate/, why: "that of a customer's own registry" },
  { at: /cli\/src\/api\//, text: /certificate|TLS/i, why: "that of the service one connects to" },
  {
    at: /deployer|program\.ts$|auth\/identity\.ts$|refusal\.ts$|error\.ts$/,
    text: /GitHub/i,
    why: "the identity of a workflow's job, which may deploy",
  },
  { at: /deployments\.ts$/, text: /github\.com\/acme/, why: "an example of where a bundle was made" },
];

interface Said {
  readonly at: string;
  readonly text: string;
}

/** Every piece of text in a TypeScript file: strings, templates and what stands between tags; no names, comments or imports. */
function textsOf(path: string): Said[] {
  const source = readFileSync(path, "utf8");
  const { program, errors } = parseSync(path, source, { lang: path.endsWith("x") ? "tsx" : "ts" });
  expect(errors, path).toEqual([]);
  const found: Said[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    if (typeof node !== "object" || node === null || !("type" in node)) return;
    const { type, value } = node as { type: string; value?: unknown };
    if (/^(Import|Export(All|Named)Declaration$)/.test(type) && !("declaration" in node && node.declaration)) return;
    if ((type === "Literal" || type === "JSXText") && typeof value === "string") found.push({ at: path, text: value });
    if (type === "TemplateElement") found.push({ at: path, text: String((value as { cooked: unknown }).cooked) });
    for (const each of Object.values(node)) visit(each);
  };
  visit(program.body);
  // One word alone is a name, a key or a class; what is said to people has more.
  return found.filter(({ text }) => /\S\s+\S|[A-Z]/.test(text.trim()));
}

const surfaces = [
  ...filesOf(
    "packages/api-client/src/**/*.ts",
    "packages/web/src/**/*.{ts,tsx}",
    "packages/cli/src/**/*.ts",
    "packages/domain/src/**/*.ts",
    "functions/api/**/*.ts",
  ),
].flatMap(textsOf);
const berth = { origin: "https://berth.test", support: "support@berth.test" };
const data = {
  code: "1",
  minutes: 1,
  until: "1",
  left: "1",
  plan: "1",
  smaller: "1",
  slots: 1,
  targets: 1,
  at: "1",
  days: 1,
  before: 1,
  apps: 1,
};
const mails = (Object.keys(templates) as Mail["template"][]).map((template): Said => {
  const { subject, text } = writeMail(berth, { to: "ann@example.com", template, data });
  return { at: `mail ${template}`, text: `${subject}\n${text}` };
});
const problems = Object.entries({ ...catalogue, ...failures }).map(
  ([code, entry]): Said => ({ at: `error.ts ${code}`, text: JSON.stringify(entry) }),
);
const pages = filesOf("packages/web/index.html", "README.md").map(
  (path): Said => ({ at: path, text: readFileSync(path, "utf8") }),
);

const speaks = (said: readonly Said[], words: RegExp) =>
  said
    .filter(
      ({ at, text }) => words.test(text) && !meant.some((each) => each.at.test(at.split(" ")[0] ?? "") && each.text.test(text)),
    )
    .map(({ at, text }) => `${at}: ${text.trim().replaceAll(/\s+/g, " ").slice(0, 160)}`);

test("the texts are read: strings, templates and what stands between tags", () => {
  expect(surfaces.length).toBeGreaterThan(1500);
  for (const known of ["Deployed means verified", "What happens when a payment fails?", "See why", "is down for a moment"])
    expect(
      surfaces.some(({ text }) => text.includes(known)),
      known,
    ).toBe(true);
  expect(mails.length).toBeGreaterThan(10);
});

test.each(Object.entries(notBuilt))("no page, mail, command or answer speaks of %s, which is not built", (_, words) => {
  expect(speaks([...surfaces, ...mails, ...problems, ...pages.slice(0, 1)], words)).toEqual([]);
});

test("customers are spoken to in plain English, not in our own idioms", () => {
  expect(speaks([...surfaces, ...mails, ...problems, ...pages], retired)).toEqual([]);
});

test("nobody is told to write to support without the address", () => {
  const told = speaks(
    [...surfaces, ...mails, ...problems],
    /\b([Ww]rite|[Tt]alk|[Tt]urn) to support\b(?!@)|\b[Cc]ontact (us|support)\b/,
  );
  expect(told.filter((text) => !text.includes("`berth whoami` shows the address"))).toEqual([]);
});

/** Names of ours that docs/glossary.md has another word for. */
const givenUp =
  /\b(bells?|doorbells?|rung|mend(s|ed|ing)?|goingOn|freeToChange|getLasting|lookAfresh|ringForNew|answer(Bells|Doorbell)|openTill|discreet|letOthersGo|livingLine|lookAgain|limitLooks|first_look_seconds|lineTo|keyAbout|sshKeyKey|standingOf|placedOn|placeOn)\b/i;

test("a word that was given up for another is in no code, document or help", () => {
  const texts = filesOf("{functions,infra,packages,scripts,test}/**/*.{ts,tsx,sh,md,css}", "*.md", "docs/*.md").filter(
    (path) => path !== "test/words.test.ts",
  );
  expect(texts.length).toBeGreaterThan(500);
  const found = texts.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, i) => (givenUp.test(line) ? [`${path}:${i + 1} ${line.trim().slice(0, 120)}`] : [])),
  );
  expect(found).toEqual([]);
});
