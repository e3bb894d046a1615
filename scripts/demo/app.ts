import { mkdirSync, writeFileSync } from "node:fs";

/** The story's app: a web service that counts visits in the Redis behind it, whose data is in a volume. Needs no image of its own. */
export const port = 8080;

/** How it differs from the plain app: seconds before it listens, and how often its health check may fail. */
interface Manner {
  readonly delay?: number;
  readonly retries?: number;
}

const script = (release: string, healthy: boolean, delay: number) => `mkdir -p /www/cgi-bin
cat > /www/cgi-bin/index.cgi <<'EOF'
#!/bin/sh
n=$$(printf 'INCR visits\\r\\n' | nc -w 2 redis 6379 | sed 's/[^0-9]//g')
printf 'Content-Type: text/plain\\r\\n\\r\\n${release} visits: %s\\n' "$$n"
EOF
cat > /www/cgi-bin/health <<'EOF'
#!/bin/sh
${healthy ? "printf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'" : "echo 'the migration has not run' >/proc/1/fd/2; printf 'Status: 500 No\\r\\n\\r\\n'"}
EOF
chmod 755 /www/cgi-bin/index.cgi /www/cgi-bin/health
${delay > 0 ? `sleep ${delay}\n` : ""}echo ${release} is listening
exec httpd -f -p 80 -h /www`;

export function composeFile(release: string, healthy = true, { delay = 0, retries = 2 + delay }: Manner = {}): string {
  const indented = script(release, healthy, delay).replaceAll("\n", "\n        ");
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
      timeout: 2s
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

/** What the app answers from outside. @throws when it does not */
export async function visit(host: string, milliseconds = 2000): Promise<Visit> {
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
