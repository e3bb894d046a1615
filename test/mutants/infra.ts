// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const privileges = ["test/infra/privileges.test.ts"];

/** The cloud: who may do what, what outlives what, and who is told. */
export const infra = [
  ...within(
    "infra/grants.ts",
    privileges,
    [
      "a stolen role reads the rows of everything",
      "allow(handler, reads, [table.tableArn], leading(partitions))",
      "allow(handler, reads, [table.tableArn], leading(partitions) && undefined)",
    ],
    [
      "a worker opens sealed values of every kind",
      '    StringEquals: { "kms:EncryptionContext:what": what },\n',
      '    ...(what === "" && { StringEquals: {} }),\n',
    ],
    [
      "a worker opens what is no tenant's",
      '    StringEquals: { "kms:EncryptionContext:what": what },\n    Null: { "kms:EncryptionContext:tenant": "false" },\n',
      '    StringEquals: { "kms:EncryptionContext:what": what },\n',
    ],
    ["mails leave from any address", '    StringEquals: { "ses:FromAddress": address },\n', ""],
  ),
  ...within(
    "infra/api.ts",
    ["test/infra/bundle.test.ts"],
    [
      "a stream of events fails for a token not used for ten minutes",
      'mayMark(stream, data.table, "TOKEN#*", "TENANT#*");',
      'mayMark(stream, data.table, "TENANT#*");',
      ...privileges,
    ],
  ),
  ...within(
    "infra/data.ts",
    ["test/infra/grants.test.ts"],
    ["no row can be read: the table's key opens for nobody", "key.addToResourcePolicy(throughTheTable(Stack.of(scope)));", ""],
  ),
];
