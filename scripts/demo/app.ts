import { mkdirSync, writeFileSync } from "node:fs";

/** The story's app: a web service that counts visits in the Redis behind it, whose data is in a volume. Needs no image of its own. */
export const port = 8080;

/**
 * How it differs from the plain app: seconds before it listens, how often its health check may fail, and whether it is held: not
 * healthy until `releaseHold` is called.
 */
interface Manner {
  readonly delay?: number;
  readonly retries?: number;
  readonly held?: boolean;
}

const hold = `[ -e /www/go ] || { printf 'Status: 503 Held\\r\\n\\r\\n'; exit; }
`;
const wellness = `printf 'PING\\r\\n' | nc -w 10 redis 6379 | grep -q PONG || { printf 'Status: 503 No Redis\\r\\n\\r\\n'; exit; }
printf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'`;
const sickness = "echo 'the migration has not run' >/proc/1/fd/2; printf 'Status: 500 No\\r\\n\\r\\n'";

const script = (release: string, healthy: boolean, { delay = 0, held = false }: Manner) => `mkdir -p /www/cgi-bin
cat > /www/cgi-bin/index.cgi <<'EOF'
#!/bin/sh
n=$$(printf 'INCR visits\\r\\n' | nc -w 10 redis 6379 | sed 's/[^0-9]//g')
printf 'Content-Type: text/plain\\r\\n\\r\\n${release} visits: %s\\n' "$$n"
EOF
cat > /www/cgi-bin/health <<'EOF'
#!/bin/sh
${held ? hold : ""}${healthy ? wellness : sickness}
EOF
cat > /www/cgi-bin/go <<'EOF'
#!/bin/sh
touch /www/go
printf 'Content-Type: text/plain\\r\\n\\r\\n${release} goes on\\n'
EOF
chmod 755 /www/cgi-bin/*
${delay > 0 ? `sleep ${delay}\n` : ""}echo ${release} is listening
exec httpd -f -p 80 -h /www`;

export function composeFile(release: string, healthy = true, manner: Manner = {}): string {
  const { retries = healthy ? 600 : 2 } = manner;
  const indented = script(release, healthy, manner).replaceAll("\n", "\n        ");
  return `services:
  web:
    image: busybox:1.36
    stop_signal: SIGKILL
    ports: ["${port}:80"]
    depends_on: [redis]
    command:
      - sh
      - -c
      - |
        ${indented}
    healthcheck:
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/cgi-bin/health"]
      interval: 1s
      timeout: 20s
      retries: ${retries}
  redis:
    image: redis:7
    volumes: ["data:/data"]
volumes:
  data: {}
`;
}

/** A folder with the app's Compose file in it. */
export function writeApp(folder: string, release: string, healthy = true, manner: Manner = {}): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/compose.yaml`, composeFile(release, healthy, manner));
}

export interface Visit {
  readonly release: string;
  readonly visits: number;
}

/** Lets a release that is held become healthy, as soon as it listens. @throws when it does not listen in two minutes */
export async function releaseHold(host: string, release: string): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    const said = await fetch(`http://${host}:${port}/cgi-bin/go`, { signal: AbortSignal.timeout(20_000) })
      .then((answer) => answer.text())
      .catch((error: Error) => error.message);
    if (said.startsWith(`${release} `)) return;
    if (Date.now() > end) throw new Error(`release ${release} on ${host} cannot be let go: ${said.slice(0, 100)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the app answers from outside. @throws when it does not */
export async function visit(host: string, milliseconds = 20_000): Promise<Visit> {
  const answer = await fetch(`http://${host}:${port}/cgi-bin/index.cgi`, { signal: AbortSignal.timeout(milliseconds) });
  const text = await answer.text();
  const found = /^(\S+) visits: (\d+)/.exec(text);
  if (!answer.ok || !found) throw new Error(`${host} answered ${answer.status} ${text.slice(0, 100)}`);
  return { release: found[1] ?? "", visits: Number(found[2]) };
}

/** Visits again and again until stopped; answers the longest time without an answer, in milliseconds, and how many visits there were. */
export function watchGaps(host: string, pauseMs = 20): () => Promise<{ longest: number; answered: number; missed: number }> {
  let stopped = false;
  let longest = 0;
  let answered = 0;
  let missed = 0;
  const done = (async () => {
    let last = performance.now();
    while (!stopped) {
      const ok = await visit(host, 500).then(
        () => true,
        () => false,
      );
      const now = performance.now();
      if (ok) {
        answered++;
        longest = Math.max(longest, now - last);
        last = now;
      } else missed++;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    longest = Math.max(longest, performance.now() - last);
  })();
  return async () => {
    stopped = true;
    await done;
    return { longest, answered, missed };
  };
}
