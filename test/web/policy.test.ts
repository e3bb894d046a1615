import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pageHeaders } from "../../packages/web/src/headers.ts";

test("a page may load what is of our own origin and nothing else, run nothing that stands in it, and be laid under no other", () => {
  const policy = new Map(
    pageHeaders["content-security-policy"].split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]),
  );
  expect(policy.get("default-src")).toEqual(["'none'"]);
  for (const [name, allowed] of policy)
    if (name?.endsWith("-src") && name !== "default-src") expect(allowed, name).toEqual(["'self'"]);
  expect(policy.get("script-src")).toEqual(["'self'"]);
  for (const name of ["frame-ancestors", "base-uri", "trusted-types"]) expect(policy.get(name), name).toEqual(["'none'"]);
  expect(policy.get("require-trusted-types-for")).toEqual(["'script'"]);
  expect(pageHeaders).toMatchObject({
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
});

test("no page makes markup of a text: what a server or a stranger says is only ever text", () => {
  const sources = globSync("packages/web/src/**/*.{ts,tsx}");
  expect(sources.length).toBeGreaterThan(50);
  for (const file of sources)
    expect(readFileSync(file, "utf8"), file).not.toMatch(
      /dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|srcdoc/i,
    );
});
