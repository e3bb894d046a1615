import { openAsBlob } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { body, type Client, segment } from "@berth/api-client/client.ts";
import { bytesText } from "@berth/domain/bytes.ts";
import { reasonOf } from "../api/reason.ts";
import { transportFor } from "../api/transport-for.ts";
import { refuse } from "../refusal.ts";
import type { Session } from "../session.ts";
import { progressOn } from "../terminal/progress.ts";
import type { Archive } from "./archives.ts";
import { bytesOf } from "./size.ts";

/** Before the second, third, ... try of one archive, in milliseconds. */
const WAITS = [300, 1000, 2500, 5000, 10_000];
/** One try of one archive: 200 MB at 250 KB a second. */
const PATIENCE_MS = 800_000;
const AT_ONCE = 3;

type Upload = { readonly hash: string; readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Sends the archives that the service does not have. Returns how many bytes that were. @throws Refused cli.unreachable */
export async function sendArchives(session: Session, api: Client, app: string, archives: readonly Archive[]): Promise<number> {
  if (archives.length === 0) return 0;
  const json = { archives: archives.map(({ hash, bytes }) => ({ hash, bytes })) };
  const { items } = await body(api.v1.apps[":app"].archives.$post({ param: { app: segment(app) }, json }));
  const own = new Map(archives.map((each) => [each.hash, each]));
  const left = items.flatMap((upload) => {
    const archive = own.get(upload.hash);
    return archive ? [{ upload, archive }] : [];
  });
  const all = bytesOf(left.map(({ archive }) => archive));
  if (all === 0) return 0;
  const progress = progressOn(session.terminal);
  let sent = 0;
  progress.doing(() => `sending: ${bytesText(sent)} of ${bytesText(all)}`);
  const ended = new AbortController();
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = left.shift(); next; next = left.shift()) {
          await send(session, next.upload, next.archive, ended.signal);
          sent += next.archive.bytes;
        }
      }),
    );
  } catch (error) {
    ended.abort();
    throw error;
  } finally {
    progress.end();
  }
  return all;
}

async function send(session: Session, { url, headers }: Upload, archive: Archive, signal: AbortSignal): Promise<void> {
  const { origin } = new URL(url);
  const fetching = await transportFor(url, session.env);
  for (let tries = 0; ; tries++) {
    const body = await openAsBlob(archive.file);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    let why: string;
    try {
      const answer = await fetching(url, { method: "PUT", headers, body, redirect: "manual", signal: limit });
      if (answer.ok) return;
      why = `it answered ${answer.status}`;
      if (answer.status < 500 && answer.status !== 408 && answer.status !== 429)
        throw refuse("cli.unexpected", { detail: `${origin} did not take what is sent: ${why}.` });
    } catch (error) {
      if (signal.aborted || !(error instanceof Error) || "problem" in error) throw error;
      why = reasonOf(error);
    }
    const wait = WAITS[tries];
    if (wait === undefined) throw refuse("cli.unreachable", { detail: `${origin}: ${why}.` });
    await sleep(wait, undefined, { signal });
  }
}
