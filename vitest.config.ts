import { configDefaults, defineConfig } from "vitest/config";

const onServers = ["test/lab/**/*.test.ts", "test/e2e/**/*.test.ts", "test/chaos/**/*.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "code",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...onServers],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real servers and what is measured on them: one file after the other, with the machine to themselves.
        extends: true,
        test: { name: "servers", include: onServers, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
