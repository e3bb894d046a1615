// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const redact = ["test/domain/redact.test.ts"];

/** What a release holds, and what of it may be told. */
export const secrets = [
  ...within(
    "packages/domain/src/secret/forms.ts",
    redact,
    [
      "a password with a quote in it is told where a program printed it as JSON",
      "return [[letters[whole.slice(1)] ?? whole.slice(1), whole.length]];",
      "return [[whole, whole.length]];",
    ],
    [
      "a password in an address is told with its percent signs",
      "(found: RegExpExecArray) => Decoded): View {\n  const from",
      '(found: RegExpExecArray) => Decoded): View {\n  if (pattern.source.includes("%")) return unchanged(text);\n  const from',
    ],
    ["a password in an address is told where the words around it have percent signs too", "      at += width;\n", ""],
    ["a password is told as a page of HTML has it", "amp|lt|gt|quot|apos)|#", "amp)|#"],
    ["a secret in the middle of something encoded as base64 is told", "[0, 1, 2].map((before)", "[0].map((before)"],
    [
      "a secret is told as base64 for addresses",
      '[...forms, ...forms.map((form) => form.replaceAll("+", "-")',
      '[...forms, ...forms.map((form) => form.replaceAll("+", "+")',
    ],
    ["a secret is told as hex", "hex, hex.toUpperCase()]", "]"],
    ["a secret is told as hex in capitals", "hex, hex.toUpperCase()]", "hex]"],
    [
      "the password of a database's address is told by itself",
      'flatMap(([, password = ""]) => [password, unpercent(password).text])',
      "flatMap(() => [] as string[])",
    ],
  ),
  ...within(
    "packages/domain/src/release/release.ts",
    ["test/domain/secrets.test.ts"],
    [
      "a release's values are readable in the table",
      "const data = await sealBundle(ctx, { app: app.id, environment, release: String(number) }, packed);",
      "const data = packed;",
    ],
    ["a bundle sealed for one release opens for another", "({ ...of, tenant, what", "({ app: of.app, tenant, what"],
    ["a bundle opens for another tenant", "({ ...of, tenant, what", '({ ...of, tenant: "", what'],
  ),
  ...within(
    "packages/domain/src/variable/reveal.ts",
    ["test/api/reveal.test.ts"],
    ["a stolen token shows a secret", "    requireProof(ctx);\n", ""],
  ),
  ...within(
    "packages/domain/src/variable/variable.ts",
    ["test/api/reveal.test.ts"],
    ["a secret copied to another name is shown there", "  ...of,\n  tenant,", '  ...of,\n  name: "",\n  tenant,'],
    ["a secret copied to another environment is shown there", "  ...of,\n  tenant,", '  ...of,\n  environment: "",\n  tenant,'],
    ["an old version of a secret passes for the new one", "  version: String(version),", '  version: "1",'],
  ),
  ...within(
    "packages/domain/src/plan/make.ts",
    ["test/domain/delivery.test.ts"],
    [
      "a pull request has a registry told a secret",
      "    assertKeptFromRegistries(composed, input.bundle, secretNames(used, addons));\n",
      "",
    ],
  ),
  ...within(
    "packages/domain/src/variable/kept.ts",
    ["test/api/variables.test.ts"],
    ["a rollback does not find the secrets it ran with", "named.has(`${namespace}#${name}#${version}`) || ", ""],
  ),
  ...within(
    "packages/domain/src/registry/login.ts",
    ["test/domain/logins.test.ts"],
    ["a server is sent logins of registries that none of its images is from", ".filter(({ host }) => wanted(host))", ""],
  ),
  ...within(
    "packages/domain/src/variable/redactor.ts",
    ["test/domain/logins.test.ts"],
    ["a registry's password is told where the server printed it", "...logins.map(({ password }) => password)", ""],
  ),
  ...within(
    "packages/domain/src/target/password.ts",
    ["test/api/bootstrap.test.ts"],
    [
      "a password is used again by the worker that comes after one that died",
      "if (!row || !(await tryCommit(ctx, remove(ctx, at, undefined, overtaken)))) return undefined;",
      "if (!row) return undefined;",
    ],
  ),
  ...within(
    "packages/domain/src/target/bootstrap.kind.ts",
    ["test/api/bootstrap.test.ts"],
    ["a password stays when its job is canceled", "forget(ctx, passwordKey(ctx, job.id)),", ""],
    ["a password is told where the server quotes it", "throw withoutSecrets(error, redact);", "throw error;"],
    [
      "a key is taken to be in without a look",
      "const remote = await openConnection(ctx, server, reach);\n      await remote.close();\n",
      "",
    ],
  ),
  ...within(
    "packages/domain/src/registry/check.kind.ts",
    ["test/api/registries.test.ts"],
    [
      "a check tells the password that a registry's answer quotes",
      "redactor({ values: [login.password]",
      "redactor({ values: []",
    ],
    ["the check of a login that was replaced is told of the new one", "row?.addedAt !== added", "!row"],
  ),
  ...within(
    "packages/domain/src/engine/input.ts",
    ["test/domain/logins.test.ts"],
    ["a canceled run cannot pull what it puts back", "    logins: run.logins,\n", ""],
  ),
  ...within(
    "packages/domain/src/secret/whole.ts",
    redact,
    ["names that a server chose are told with secrets in them", 'name === "data" ? redact(key) : key', "key"],
    ["a list of lines is told with secrets in it", "inner.map((each) => walk(each, name))", "inner"],
    [
      "a whole line that is only a word of ours hides the rest of the lines",
      "!prose.has(name) && isPublic(inner)",
      "isPublic(inner)",
    ],
  ),
];
