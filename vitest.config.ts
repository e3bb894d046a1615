import { configDefaults, defineConfig } from "vitest/config";

const onServers = ["test/lab/**/*.test.ts", "test/e2e/**/*.test.ts", "test/chaos/**/*.test.ts"];

export default defineConfig({
  test: {
    // Only to end what hangs: a machine that does other things too takes many times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
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
        test: {
          name: "servers",
          include: onServers,
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
