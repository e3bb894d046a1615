// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const api = ["test/api/addons.test.ts"];
const deployed = ["test/api/addons-deployed.test.ts"];
const generated = ["test/domain/generated.test.ts"];
const upgraded = ["test/api/addon-upgrade.test.ts"];

/** What is added to an app, and what it must never overwrite. */
export const addon = [
  ...within(
    "packages/domain/src/compose/generated.ts",
    generated,
    ["an add-on takes the place of a service of the app", "if (own === name) throw", "if (own === `${name}?`) throw"],
    [
      "and answers to a name that another one has",
      "[container_name, ...aliases].includes(name)",
      "[container_name].includes(`${name}?`)",
    ],
    [
      "and writes into a volume that the app has",
      "if (file.volumes.has(volume)) throw",
      "if (file.volumes.has(`${volume}?`)) throw",
    ],
    ["and into one that the app only calls so", "fields.name === `${project}_${volume}`", "fields.name === volume"],
    ["what a service says of a variable is overwritten", "if (!named.has(variable)) users", "if (named) users"],
    ["also what its env file says", "names.add(variable);", "names.has(variable);"],
    ["an add-on is found by the projects of others", ".filter((network) => !isShared(file, network)));", ");"],
    [
      "a database of the app's own is given another one's variables",
      '(knownDatabase(String(image ?? "")) ? [] : [name])',
      "[name]",
    ],
    [
      "services start before their database takes connections",
      '{ condition: "service_healthy" }',
      '{ condition: "service_started" }',
    ],
    [
      "what Berth cannot read for certain is taken for read",
      "if (odd === undefined && !partial) return;",
      "if (odd === undefined || !partial) return;",
    ],
  ),
  ...within(
    "packages/domain/src/addon/add.ts",
    api,
    ["data of another version is given to a database that cannot read it", "kept.version !== version)", "kept.kind !== kind)"],
    ["two add-ons give services one variable", "if (variable !== undefined)", "if (variable === name)"],
    [
      "an add-on that comes back has another password than its data",
      "kept?.sealed ??",
      '(kept?.sealed.key === "" ? kept.sealed : undefined) ??',
      ...deployed,
    ],
  ),
  ...within(
    "packages/domain/src/addon/remove.ts",
    deployed,
    ["the password of data that stays is forgotten", "environment.releases > addon.since", "environment.releases < addon.since"],
    ["that of data that is deleted is kept", 'volumes === "keep"\n', 'volumes !== "keep"\n'],
  ),
  ...within(
    "packages/domain/src/variable/redactor.ts",
    deployed,
    ["what a server prints shows the password of an add-on", "...Object.values(passwords),\n", ""],
    ["also that of the release that is put back", "...(await openPasswords(ctx, where, unopened(all, own?.passwords))),", ""],
  ),
  ...within(
    "packages/domain/src/deployment/upgrade.ts",
    upgraded,
    ["a database goes back to an older version", "if (will < was)", "if (will < was - 99)"],
    ["an add-on of several servers is upgraded on one after the other", "placed.length === 1", "placed.length >= 1"],
    ["what an attempt that failed has written is written over", "-data-r${environment.releases + 1}`", "-data-r${version}`"],
    ["an upgrade takes an image of the old version", "asked.image ?? image;", "image ?? asked.image;"],
  ),
  ...within(
    "packages/domain/src/deployment/upgraded.ts",
    upgraded,
    ["the volume that an upgrade leaves is forgotten", "[...(was.aside ?? []), ...left]", "[...(was.aside ?? [])]"],
    ["it is kept for less than three days", "ASIDE_HOURS = 72", "ASIDE_HOURS = 7.2"],
  ),
  ...within("packages/domain/src/deployment/deploy.kind.ts", upgraded, [
    "a rollback loses the volume that it uses",
    "!used.has(volume)",
    "!used.has(`${volume}?`)",
  ]),
  ...within("packages/domain/src/deployment/anew.ts", deployed, [
    "the image of a new add-on is looked for among those of before",
    "const pulled = fresh.length > 0",
    "const pulled = fresh.length > 99",
  ]),
  ...within(
    "packages/domain/src/plan/operations.ts",
    ["test/domain/plan-operations.test.ts"],
    ["what writes to a database runs on while it is moved", "const stop = order.filter(", "const stop = order.slice(99).filter("],
  ),
];
