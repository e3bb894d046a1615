import { duration } from "@berth/domain/duration.ts";
import { describe, expect, test } from "vitest";
import { clean, cut, widthOf, wrap } from "../../packages/cli/src/terminal/text.ts";
import { ago } from "../../packages/cli/src/terminal/time.ts";
import { at, now } from "./sample-apps.ts";

describe("text", () => {
  test("from elsewhere loses what a terminal would obey", () => {
    expect(clean("one\u2028two\u2029three\u061c")).toBe("onetwothree");
    expect(clean("a\x1b[31mb\x1b]8;;http://x\x07c\x1b[2J\r\nd\te\u202ef\x9b1mg")).toBe("abc de".replace("de", "d ef1mg"));
  });

  test("is measured as a terminal shows it", () => {
    expect([widthOf("abc"), widthOf("日本"), widthOf("é"), widthOf("🚀"), widthOf("\x1b[1mab\x1b[22m")]).toEqual([3, 4, 1, 2, 2]);
    expect([cut("日本語", 5), cut("abcdef", 4), cut("abc", 3), cut("abc", 0)]).toEqual(["日本…", "abc…", "abc", ""]);
  });

  test("is wrapped between words", () => {
    expect(wrap("one two three-and-more four", 9)).toEqual(["one two", "three-and-more", "four"]);
  });
});

test.each([
  [0, "0.0 s"],
  [812, "0.8 s"],
  [9949, "9.9 s"],
  [9960, "10 s"],
  [59_600, "1 min"],
  [125_000, "2 min 5 s"],
  [3_600_000, "1 h"],
  [3_840_000, "1 h 4 min"],
  [-5, "0.0 s"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, "just now"],
  [0.5, "30 s ago"],
  [3, "3 min ago"],
  [150, "3 h ago"],
  [60 * 72, "3 days ago"],
  [-5, "in 5 min"],
])("%d minutes before is %s", (minutes, text) => {
  expect(ago(at(minutes), now)).toBe(text);
});
