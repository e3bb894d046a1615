import { checkPath, checkPaths, readCompose } from "@berth/domain/compose/compose.ts";
import { Problem } from "@berth/domain/error.ts";
import { checkPath as checkOnServer } from "@berth/domain/remote/bundle.ts";
import { describe, expect, test } from "vitest";

const WEB = "services:\n  web:\n    image: a:1\n";
const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

function refusalOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

// What grows with the square of these sizes takes minutes, and a test has one.
describe("a Compose file made to hurt is refused in a moment, as the customer's mistake", () => {
  test.each<[string, string, string]>([
    ["nested lists", `x: ${"[".repeat(100_000)}`, "compose.invalid"],
    ["nested mappings", `x: ${"{a: ".repeat(60_000)}`, "compose.invalid"],
    ["nested sequences", `x:\n${"- ".repeat(100_000)}`, "compose.invalid"],
    ["a billion laughs", `${lines(9, (i) => `a${i}: &a${i} [x${`,*a${i - 1}`.repeat(i && 9)}]`)}\n${WEB}`, "compose.invalid"],
    ["aliases without end", `a: &a 1\nx: [${"*a,".repeat(50_000)}]\n${WEB}`, "compose.invalid"],
    ["more services than a row holds", `services:\n${lines(25_000, (i) => `  s${i}: {image: a}`)}\n`, "compose.unsupported"],
    ["an image that fills a row", `services:\n  web:\n    image: ${"a".repeat(450_000)}\n`, "compose.invalid"],
    ["a key that is there twice", "services:\n  a: {image: x}\n  a: {image: y}\n", "compose.invalid"],
    ["a service with a list as its name", "services:\n  ? [a, b]\n  : {image: x}\n", "compose.invalid"],
    ["several documents", `${WEB}---\n${WEB}`, "compose.invalid"],
    ["services that are a list", "services: [a]", "compose.invalid"],
    ["a service that is nothing", "services:\n  web:\n", "compose.invalid"],
    ["an image that is a number", "services:\n  web: {image: 1}\n", "compose.invalid"],
    ["an image taken over from itself", `services:\n  web: &w\n    <<: [${"*w,".repeat(40)}]\n`, "compose.invalid"],
    ["nothing", "", "compose.invalid"],
    ["zeros", "\0".repeat(1000), "compose.invalid"],
  ])("%s", (_, text, code) => {
    expect(refusalOf(() => readCompose(text)).code).toBe(code);
  });

  test("tens of thousands of keys, which are allowed, are read in a moment", () => {
    expect(readCompose(`x:\n${lines(30_000, (i) => `  k${i}: 1`)}\n${WEB}`).services).toHaveLength(1);
  });
});

test("an image and ports that a service takes over by a merge key are its own", () => {
  const text = 'x-a: &a\n  image: a:1\n  ports: ["80:80"]\nservices:\n  web:\n    <<: *a\n  own:\n    <<: [*a]\n    image: b:2\n';
  expect(readCompose(text)).toEqual({
    services: [
      { name: "web", image: "a:1" },
      { name: "own", image: "b:2" },
    ],
    published: ["web", "own"],
  });
});

test("building that is taken over by a merge key is refused like a service's own", () => {
  const text = "x-a: &a\n  build: .\nservices:\n  web:\n    <<: *a\n    image: a\n";
  expect(refusalOf(() => readCompose(text)).code).toBe("compose.unsupported");
});

test("services may be called as JavaScript calls things of its own", () => {
  const names = ["constructor", "toString", "hasOwnProperty"];
  const { services } = readCompose(`services:\n${names.map((name) => `  ${name}: {image: a}`).join("\n")}\n`);
  expect(services.map(({ name }) => name)).toEqual(names);
});

const paths = ["a", "a/b.txt", "a b/ü.conf", "./x", "x/../y", "-rf", "$(id)", "'\"`", "a\nb", "a\u007f"];
const bad = ["", ".", "..", "../x", "/etc/passwd", "a/../../x", "dir/", "a\0", "x".repeat(201)];
const taken = ["compose.yaml", ".env", "release.json", "releases/1/x", "current", "current/x", ".berth/x", "x/../current"];

test("a path that is accepted can be sent to a server, and one that cannot is refused at once", () => {
  for (const path of paths) expect(() => checkOnServer(checkPath(path))).not.toThrow();
  for (const path of [...bad, ...taken]) expect(refusalOf(() => checkPath(path)).code).toBe("input.invalid");
});

test("two files at one path, and a file where another has its folder, are refused", () => {
  expect(() => checkPaths(["a", "b/c", "b/d", "ab"])).not.toThrow();
  expect(refusalOf(() => checkPaths(["a", "a"])).code).toBe("input.invalid");
  expect(refusalOf(() => checkPaths(["a/b/c", "a/b"])).code).toBe("input.invalid");
});
