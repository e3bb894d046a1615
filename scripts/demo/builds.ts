import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "./stage.ts";
import { holds } from "./telling.ts";

const PORT = 8081;
const compose = (service: string) => `services:
  site:
    ${service}
    ports: ["${PORT}:80"]
    stop_signal: SIGKILL
    healthcheck:
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/"]
      interval: 1s
      retries: 600
`;
const dockerfile =
  'FROM busybox:1.36\nCOPY . /www/\nRUN test -s /www/index.html\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n';

/** Every server answers with just this page. */
async function pages(stage: Stage, text: string): Promise<string> {
  for (const { name, host } of stage.places) {
    const answer = await fetch(`http://${host}:${PORT}/`, { signal: AbortSignal.timeout(20_000) });
    const found = (await answer.text()).trim();
    holds(found === text, `${name} answers "${found}", not "${text}"`);
  }
  return `“${text}”`;
}

const args = ({ places }: Stage) => ["deploy", "--app", "site", "--yes", ...places.flatMap(({ name }) => ["--target", name])];

/** A page that is built on the servers, and a build that fails. */
export async function builds(stage: Stage): Promise<void> {
  const { berth, telling } = stage;
  const folder = join(stage.folder, "site");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "compose.yaml"), compose("build: ."));
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  writeFileSync(join(folder, "index.html"), "made on the server\n");
  await telling.step(
    "berth deploy sends the folder, and each server builds it with its own Docker",
    async () => {
      const ran = await berth.run(args(stage), { cwd: folder });
      holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      return ran;
    },
    (ran) => ran.stderr.match(/Built on the server: .*/)?.[0] ?? "",
  );
  await telling.step(`answers from outside on port ${PORT}`, () => pages(stage, "made on the server"), String);
  writeFileSync(join(folder, "index.html"), "");
  const failed = await telling.step("a build that fails is said with its last lines, and exits non-zero", async () => {
    const ran = await berth.run(args(stage), { cwd: folder });
    holds(
      ran.code === 1 && /build\.failed/.test(ran.stdout + ran.stderr),
      `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`,
    );
    return ran;
  });
  for (const line of (failed.stdout + failed.stderr).trim().split("\n").slice(-4)) telling.note(line);
  await telling.step("what ran before was not touched", () => pages(stage, "made on the server"), String);
}

/** The same from an image behind a login. */
export async function privateImage(stage: Stage): Promise<void> {
  const { berth, telling, registry } = stage;
  if (!registry) return;
  const { host, user, password, image } = registry;
  const folder = join(stage.folder, "site");
  const run =
    'command: ["sh", "-c", "mkdir -p /www && echo from a private image >/www/index.html && exec httpd -f -p 80 -h /www"]';
  writeFileSync(join(folder, "compose.yaml"), compose(`image: ${image}\n    ${run}`));
  await telling.step("without its login the pull is refused, and nothing was touched", async () => {
    const ran = await berth.run(args(stage), { cwd: folder });
    holds(
      ran.code === 1 && /registry\.denied/.test(ran.stdout + ran.stderr),
      `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`,
    );
    await pages(stage, "made on the server");
  });
  await telling.step(
    "berth registry add reads the password from standard input, and berth registry check asks from the servers",
    async () => {
      const added = await berth.run(["registry", "add", host, "--user", user], { input: password });
      holds(added.code === 0, `registry add exited ${added.code}: ${added.stderr}`);
      const checked = await berth.run(["registry", "check", host]);
      holds(checked.code === 0, `registry check exited ${checked.code}: ${checked.stdout}${checked.stderr}`);
    },
  );
  await telling.step(
    "berth deploy pulls it",
    async () => {
      const ran = await berth.run(args(stage), { cwd: folder });
      holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      return pages(stage, "from a private image");
    },
    String,
  );
}
