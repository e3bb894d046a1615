/** The images the lab's registry offers: a busybox, a Redis, a page and a visit counter. */
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import type { Image, ImageFile } from "./image.ts";

const applets = [
  "sh",
  "cat",
  "echo",
  "env",
  "grep",
  "httpd",
  "ls",
  "nc",
  "printf",
  "sed",
  "sleep",
  "tail",
  "test",
  "touch",
  "true",
  "wget",
];

function busyboxFiles(): ImageFile[] {
  return [
    { path: "bin/busybox", content: readFileSync("/bin/busybox") },
    ...applets.map((name) => ({ path: `bin/${name}`, link: "busybox" })),
    { path: "tmp", folder: true, mode: 0o777 },
  ];
}

/** `busybox:1`: a shell and the usual commands. PID 1 ignores a signal it does not handle, so it is killed. */
export function busyboxImage(): Image {
  return { files: busyboxFiles(), command: ["sh"], stopSignal: "SIGKILL" };
}

/**
 * A web server on port 80 that answers `text` at `/`. With `health: false` its health check, `/health`, is not there;
 * with `ends` it ends at once with that status.
 */
export function pageImage(text: string, options: { health?: boolean; ends?: number; after?: number } = {}): Image {
  const files = [
    ...busyboxFiles(),
    { path: "www/index.html", content: `${text}\n`, mode: 0o644 },
    ...(options.health === false ? [] : [{ path: "www/health", content: "ok\n", mode: 0o644 }]),
  ];
  const command =
    options.ends === undefined
      ? ["httpd", "-f", "-p", "80", "-h", "/www"]
      : [
          "sh",
          "-c",
          `echo "${text} is starting"; echo "cannot find its database" >&2; sleep ${options.after ?? 0}; exit ${options.ends}`,
        ];
  return { files, command, stopSignal: "SIGKILL" };
}

/**
 * A web server on port 80 that counts visits in the Redis called `redis`, and answers `<version> visits: <n>`.
 * `/health` asks Redis without counting; with `health: false` it says 500.
 */
export function counterImage(version: string, options: { health?: boolean } = {}): Image {
  const ask = (command: string) => `printf '${command}\\r\\n' | nc -w 10 redis 6379 | head -n 1 | sed 's/[^0-9A-Z]//g'`;
  const visit = `#!/bin/sh\nn=$(${ask("INCR visits")})\nprintf 'Content-Type: text/plain\\r\\n\\r\\n${version} visits: %s\\n' "$n"\n`;
  const good = `#!/bin/sh\n[ "$(${ask("PING")})" = PONG ] || { printf 'Status: 503 Busy\\r\\n\\r\\nno redis\\n'; exit; }\nprintf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'\n`;
  const bad = `#!/bin/sh\necho "${version}: the migration has not run" >/proc/1/fd/2\nprintf 'Status: 500 Internal Server Error\\r\\n\\r\\nthe migration has not run\\n'\n`;
  return {
    files: [
      ...busyboxFiles(),
      { path: "bin/head", link: "busybox" },
      { path: "www/cgi-bin/index.cgi", content: visit },
      { path: "www/cgi-bin/health", content: options.health === false ? bad : good },
    ],
    command: ["sh", "-c", `echo "counter ${version} is listening"; exec httpd -f -p 80 -h /www`],
    stopSignal: "SIGKILL",
  };
}

/** `redis:7`: this machine's redis-server with the libraries it is linked to, keeping its data in /data. */
export function redisImage(): Image {
  const programs = ["/usr/bin/redis-server", "/usr/bin/redis-cli"].map((path) => realpathSync(path));
  const listed = programs.map((path) => execFileSync("ldd", [path], { encoding: "utf8" })).join("\n");
  const libraries = new Set(Array.from(listed.matchAll(/(\/\S+\.so\S*)/gu), (match) => match[1]!)); // the group is the match
  return {
    files: [
      ...busyboxFiles(),
      { path: "bin/redis-server", content: readFileSync(programs[0]!) }, // two programs were named above
      // As in its maker's image, which then goes on as another user.
      { path: "bin/docker-entrypoint.sh", content: '#!/bin/sh\nexec "$@"\n' },
      { path: "bin/redis-cli", content: readFileSync(programs.at(-1)!) },
      ...Array.from(libraries, (path) => ({ path: path.slice(1), content: readFileSync(path) })),
      { path: "data", folder: true as const, mode: 0o777 },
    ],
    command: ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data", "--save", "1 1"],
    volumes: ["/data"],
    workingDir: "/data",
  };
}
