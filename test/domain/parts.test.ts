import { tokensOf } from "@berth/domain/compose/parts.ts";
import { describe, expect, test } from "vitest";
import { Parser } from "yaml";
import { plainYaml, yamls } from "../api/worst/texts.ts";

const corners = [
  "",
  "\ufeffa: 1\n...\n%YAML 1.2\n---\nb: [1, {c: d}, \n  e]\n",
  "a:\n  - ? b\n    : c\n  -\td\n- e\n",
  "a: |+2\n    b\n\n  c\n# end\nd: >-\n e\n",
  "a: 'b''c'\nd: \"e\\\n  f\"\n? [g]\n: !t &h i\nj: *h\n",
  "a: ]\nb: }\n  c\n\td: [\ne: 1",
];

describe("a text's tokens are those of the library's own parser, for", () => {
  test.each([plainYaml, ...yamls].map(({ name, text }) => [name, text(1000)]))("%s", (_, text) => {
    expect([...tokensOf(text, () => {})]).toEqual([...new Parser().parse(text)]);
  });
  test.each(corners)("%j", (text) => {
    expect([...tokensOf(text, () => {})]).toEqual([...new Parser().parse(text)]);
  });
});
