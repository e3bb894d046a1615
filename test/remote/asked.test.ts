import { readFileSync } from "node:fs";
import type { RunEvent } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { deployOf, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

describe("asked for logs", () => {
  const logsOf = (values: Record<string, string> = {}) => ({
    op: "logs" as const,
    job: "l",
    fence: 0,
    from: 0,
    files: [],
    values: { project: "shop-production", tail: "10", ...values },
  });
  const at = (second: number) => `2026-01-02T03:04:0${second}.000000000Z`;
  const [web, db] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
  const two = `${web}111\t${at(0)}\tweb\n${db}111\t${at(0)}\tdb\n`;
  const linesOf = (events: readonly RunEvent[]) => events.filter(({ type }) => type === "log");
  const notesOf = (events: readonly RunEvent[]) => events.flatMap(({ type, step }) => (type === "note" ? [step] : []));

  test.each(shells)(
    "it says whose each line is, when it was said, and where each container was then, without terminal sequences: %s",
    async (...shell) => {
      const { exit, events } = await runOn(host(), logsOf(), shell);
      expect(exit?.code).toBe(0);
      expect(linesOf(events)).toEqual([
        {
          seq: 1,
          at: "2026-01-02T03:04:05.678Z",
          type: "log",
          step: "c0ffee123456 2026-01-02T03:04:05.678901234Z",
          service: "web",
          text: "hello | there",
        },
        {
          seq: 2,
          at: "2026-01-02T03:04:06.000Z",
          type: "log",
          step: `c0ffee123456 ${at(6)}`,
          service: "web",
          text: "red",
        },
      ]);
      expect(notesOf(events)).toEqual([`c0ffee123456 ${at(6)} 1`, expect.stringMatching(/^begun 20\d\d-\d\d-\d\dT\S+Z$/)]);
    },
  );

  test.each(shells)("it says the last lines of all containers together, and where those left out ended: %s", async (...shell) => {
    const made = host();
    made.set("there", two);
    made.set(`lines.${web}`, `${at(1)} one\n${at(4)} four\n${at(4)} four again\n`);
    made.set(`lines.${db}`, `${at(2)} two\n${at(3)} 30%\r60%\r\n`);
    const { events } = await runOn(made, logsOf({ tail: "3" }), shell);
    expect(linesOf(events).map(({ service, text }) => [service, text])).toEqual([
      ["db", "30% 60%"],
      ["web", "four"],
      ["web", "four again"],
    ]);
    expect(notesOf(events).slice(0, 2).sort()).toEqual([`${web} ${at(4)} 2`, `${db} ${at(3)} 1`].sort());
    const cut = (await runOn(made, logsOf({ tail: "1" }), shell)).events;
    expect(linesOf(cut).map(({ text }) => text)).toEqual(["four again"]);
    expect(notesOf(cut).slice(0, 2).sort()).toEqual([`${web} ${at(4)} 2`, `${db} ${at(3)} 1`].sort());
    const none = (await runOn(made, logsOf({ tail: "0" }), shell)).events;
    expect(linesOf(none)).toEqual([]);
    expect(notesOf(none)).toContain(`${web} ${at(4)} 2`);
  });

  test.each(shells)("it asks only the services wanted, and says what Docker says in the place of lines: %s", async (...shell) => {
    const made = host();
    made.set("there", two);
    made.set(`lines.${db}`, "Error response from daemon: configured logging driver does not support reading\n");
    const { exit, events } = await runOn(made, logsOf({ services: "db\nworker\n" }), shell);
    expect(exit?.code).toBe(0);
    expect(linesOf(events)).toMatchObject([
      { step: `${db} -`, service: "db", text: "Error response from daemon: configured logging driver does not support reading" },
    ]);
  });

  test.each(shells)(
    "it follows each container from where it was left, and one it does not know from the beginning: %s",
    async (...shell) => {
      const made = host();
      made.set("there", two);
      made.set(`lines.${web}`, "");
      made.set(`lines.${db}`, "");
      made.set(`news.${web}`, `${at(7)} news\n${at(8)} ${"x".repeat(5000)}\n`);
      const values = { follow: "1", timeout_seconds: "5", begun: "2026-01-02T03:04:00Z", positions: `${web} ${at(6)}\n` };
      const { exit, events } = await runOn(made, logsOf(values), shell);
      expect(exit?.code).toBe(0);
      const followed = readFileSync(`${made.env.HOME}/fake/followed`, "utf8").split("\n");
      expect(followed.find((call) => call.endsWith(web))).toContain(`--since=${at(6)}`);
      expect(followed.find((call) => call.endsWith(db))).toContain("--since=2026-01-02T03:04:00Z");
      expect(linesOf(events).map(({ text = "" }) => text.slice(0, 10))).toEqual(["news", "xxxxxxxxxx"]);
      expect(linesOf(events)[1]?.text?.length).toBeLessThanOrEqual(3000);
      expect(notesOf(events)).toEqual(expect.arrayContaining([`${web} follows`, `${db} follows`]));
    },
  );
});

describe("asked for its containers", () => {
  const inspect = (values: Record<string, string> = {}) => ({
    op: "inspect" as const,
    job: "i",
    fence: 0,
    from: 0,
    files: [],
    values: { project: "shop-production", app_id: "ten_1/app_1", ...values },
  });
  const described = (about: object, ports = "") =>
    `${JSON.stringify({
      name: "/x",
      service: "web",
      image: "page:1",
      imageId: "sha256:1",
      state: "running",
      health: null,
      exit: 0,
      restarts: 0,
      started: "2026-01-02T03:04:05.678901234Z",
      finished: "0001-01-01T00:00:00Z",
      policy: "no",
      ...about,
    })}\t${ports}\n`;

  test.each(shells)(
    "it says each one's state, image, ports and times, and which services there should be: %s",
    async (...shell) => {
      const made = host();
      await runOn(made, deployOf("job_1"));
      const { exit, events } = await runOn(made, inspect(), shell);
      expect(events.map(({ type }) => type)).toEqual(["result"]);
      expect(exit).toMatchObject({
        code: 0,
        containers: {
          expected: ["web"],
          more: 0,
          items: [
            {
              service: "web",
              name: "shop-production-web-1",
              state: "running",
              health: "healthy",
              exitCode: null,
              restarts: 0,
              image: "page@sha256:0000",
              imageId: "sha256:1",
              ports: [
                { address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" },
                { address: "::", published: 8080, port: 80, protocol: "tcp" },
              ],
              startedAt: "2026-01-02T03:04:05.678Z",
              finishedAt: null,
              restartPolicy: "always",
            },
          ],
        },
      });
      const up = Number(readFileSync("/proc/uptime", "utf8").split(".")[0]);
      const booted = Date.parse(exit?.containers?.bootedAt ?? "");
      expect(Math.abs(Date.now() - up * 1000 - booted)).toBeLessThan(60_000);
    },
  );

  test("one that has ended says with what status and when; what is no container's line is left out", async () => {
    const made = host();
    made.set("containers.ids", "1\n2\n");
    made.set("containers", `${described({ state: "exited", exit: 137, finished: "2026-01-02T04:00:00Z" })}{"cut\n`);
    const { exit } = await runOn(made, inspect());
    expect(exit?.containers).toMatchObject({
      items: [{ state: "exited", exitCode: 137, finishedAt: "2026-01-02T04:00:00.000Z", restartPolicy: "no" }],
      more: 1,
    });
  });

  test("of more than sixty it lists sixty and says how many there are beside them; each has an end", async () => {
    const made = host();
    made.set("containers.ids", Array.from({ length: 75 }, (_, i) => `${i}\n`).join(""));
    const ports = Array.from({ length: 300 }, (_, i) => `0.0.0.0|${10_000 + i}|80/tcp `).join("");
    made.set("containers", described({}, ports).repeat(75));
    const { exit } = await runOn(made, inspect());
    expect(made.calls().at(-1)?.split(" ").slice(-60)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
    expect(exit?.containers?.items).toHaveLength(60);
    expect(exit?.containers?.more).toBe(15);
    expect(exit?.containers?.items[0]?.ports).toHaveLength(40);
  });

  test("it tells nothing of another account's app, nor when Docker is silent", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    const other = await runOn(made, inspect({ app_id: "ten_2/app_9" }));
    expect(other.exit).toMatchObject({ code: 1, class: "conflict" });
    expect(other.exit).not.toHaveProperty("containers");
    made.set("down", "");
    expect((await runOn(made, inspect())).exit).toMatchObject({ code: 69, class: "docker.down" });
  });
});
