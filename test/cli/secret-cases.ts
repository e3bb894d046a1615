import type { Case } from "./command-case.ts";

const goneApp = { args: ["--app", "gone"], code: "app.not_found" };

/** Of the commands about secrets and variables, in an order in which each finds what it needs. */
export const secretCases: Record<string, Case> = {
  "secret set": {
    args: ["DB_PASSWORD"],
    input: "a secret\n",
    text: /✓ Secret DB_PASSWORD of shop is set, version 1/,
    members: ["name", "kind", "namespace", "version"],
    refused: { code: "token.scope", reader: true },
  },
  "secret list": { args: [], text: /DB_PASSWORD +\d+ +(?:just now|\d+ s ago)/, members: ["items"], refused: goneApp },
  "secret import": { args: ["-"], input: "A=1\nB=2\n", text: /✓ 2 secrets of shop set: A, B/, members: ["items"] },
  "secret history": {
    args: ["DB_PASSWORD"],
    text: /VERSION +CHANGED +BY\n +\d+ +(?:just now|\d+ s ago)/,
    members: ["name", "versions"],
    refused: { args: ["NONE"], code: "variable.not_found" },
  },
  "secret get": {
    args: ["DB_PASSWORD", "--reveal", "--reason", "a test"],
    text: /^a secret\n$/,
    members: ["name", "version", "value"],
    refused: { args: ["NONE", "--reveal", "--reason", "a test"], code: "variable.not_found" },
  },
  "secret unset": {
    args: ["A", "--yes"],
    text: /✓ Secret A of shop is unset/,
    members: ["name", "unset"],
    refused: { args: ["NONE", "--yes"], code: "variable.not_found" },
  },
  "variable set": {
    args: ["LOG_LEVEL"],
    input: "debug\n",
    text: /✓ Variable LOG_LEVEL of shop is set, version \d/,
    members: ["name", "kind", "namespace", "version"],
    refused: { args: ["DB_PASSWORD"], code: "variable.kind" },
  },
  "variable list": { args: [], text: /LOG_LEVEL +\d+ +(?:just now|\d+ s ago)/, members: ["items"], refused: goneApp },
  "variable import": { args: ["export.env", "-n", "eu"], text: /✓ 1 variable of shop set: REGION/, members: ["items"] },
  "variable history": {
    args: ["LOG_LEVEL"],
    text: /VERSION +CHANGED +BY\n +\d+ +(?:just now|\d+ s ago)/,
    members: ["name", "versions"],
    refused: { args: ["NONE"], code: "variable.not_found" },
  },
  "variable get": {
    args: ["LOG_LEVEL"],
    text: /^debug\n$/,
    members: ["name", "version", "value"],
    refused: { args: ["NONE"], code: "variable.not_found" },
  },
  "variable unset": {
    args: ["REGION", "-n", "eu", "--yes"],
    text: /✓ Variable REGION of shop is unset/,
    members: ["name", "unset"],
    refused: { args: ["NONE", "--yes"], code: "variable.not_found" },
  },
};
