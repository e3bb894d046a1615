import { projectOf } from "@berth/domain/app/app.ts";
import { expect, test } from "vitest";

test("no two environments have the same project on a server, and the plain ones are called as ever", () => {
  expect(projectOf("shop", "production")).toBe("shop-production");
  expect(projectOf("my-shop", "staging")).toBe("my-shop-staging");
  const parts = ["a", "b", "production"];
  const names = [...parts, ...parts.flatMap((one) => parts.map((two) => `${one}-${two}`)), "a-b-a", "a-a-b", "b-a-production"];
  const projects = names.flatMap((app) => names.map((environment) => projectOf(app, environment)));
  expect(new Set(projects).size).toBe(names.length ** 2);
  for (const project of projects) expect(project).toMatch(/^[a-z0-9][a-z0-9_-]*$/u); // what Compose allows
});
