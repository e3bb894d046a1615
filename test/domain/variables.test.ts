// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { EnvFileError, readEnvFile } from "@berth/domain/compose/env-file.ts";
import { interpolate, TemplateError } from "@berth/domain/compose/template.ts";
import { describe, expect, test } from "vitest";

const outside: Readonly<Record<string, string>> = { OUT: "out side", EMPTY: "", A: "a" };
const outer = (name: string) => (Object.hasOwn(outside, name) ? outside[name] : undefined);

/** What the real Compose makes of a file of variables; test/compose/ holds thousands of others against it. */
describe("a line of a file of variables has Compose's value", () => {
  test.each([
    ["X=a#b", "a#b"],
    ["X=#secret", "#secret"],
    ["X=a #b", "a"],
    ["X=  a  ", "a"],
    ["X: a", "a"],
    ["export X=a", "a"],
    ["exportX=1\nX=a", "a"],
    ["X='$OUT'", "$OUT"],
    ["X='a # b'", "a # b"],
    ['X="a # b"', "a # b"],
    ["X=$OUT", "out side"],
    ['X="${OUT}!"', "out side!"],
    ['X="\\$OUT"', "$OUT"],
    ["X=$$OUT", "$OUT"],
    ['X="a\\tb\\\\c\\"d"', 'a\tb\\c"d'],
    ['X="\\0101"', "A"],
    ["X='it\\'s'", "it's"],
    ['X="one\ntwo"', "one\ntwo"],
    ["X='one\ntwo'", "one\ntwo"],
    ["X=`a`", "`a`"],
    ["Y=1\nX=${Y}2", "12"],
    ["A=file\nX=$A", "a"],
    ["X=${NO:-d}", "d"],
    ["X=", ""],
    ["\ufeffX=a", "a"],
  ])("%j", (text, value) => {
    expect(readEnvFile(text, outer).get("X")).toBe(value);
  });
});

test("a name may have dots, dashes and brackets, begin with a digit, and be of any alphabet", () => {
  for (const name of ["app.datasource.url", "a-b", "a[0]", "1st", "é", "_"])
    expect([...readEnvFile(`${name}=x`, outer)]).toEqual([[name, "x"]]);
});

test("a name that stands alone takes its value from outside, and is not there where that has none", () => {
  expect([...readEnvFile("OUT\nNO\n", outer)]).toEqual([["OUT", "out side"]]);
});

test("a line that is none is refused by its number, and nothing of it is told", () => {
  for (const text of ["A=1\n\nmy password=hunter2 x", 'A=1\n\nX="hunter2', "A=1\n\nhun@ter2=x"]) {
    let refused: unknown;
    try {
      readEnvFile(text, outer);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(EnvFileError);
    expect(refused).toMatchObject({ line: 3 });
    expect((refused as Error).message).not.toMatch(/hunter2|hun@ter/);
  }
});

describe("a text has Compose's value", () => {
  test.each([
    ["$A ${A}", "a a"],
    ["$$A", "$A"],
    ["$$$A", "$a"],
    ["${EMPTY-d}", ""],
    ["${EMPTY:-d}", "d"],
    ["${NO-d}", "d"],
    ["${NO:-${A}${NO-e}}", "ae"],
    ["${A+y}${EMPTY+y}${EMPTY:+n}${NO+n}", "yy"],
    ["${EMPTY?no}|", "|"],
    ["$5 $ é", "$5 $ é"],
    ["${NO}", ""],
  ])("%j", (text, value) => {
    expect(interpolate(text, outer)).toBe(value);
  });
});

test("a variable that has to be set and is not is named with the reason", () => {
  for (const text of ["${NO?give it}", "${NO:?give it}", "${EMPTY:?give it}"])
    expect(() => interpolate(text, outer)).toThrow(/(NO|EMPTY) has to be set: give it/);
});

test("a text that becomes too long by its variables, or is nested without end, is refused", () => {
  const long = "x".repeat(600_000);
  expect(() => interpolate("$L$L", () => long)).toThrow(TemplateError);
  expect(() => interpolate("${NO:-".repeat(100) + "}".repeat(100), outer)).toThrow(TemplateError);
});
