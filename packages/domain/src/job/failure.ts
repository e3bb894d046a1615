import { billingFailures } from "../billing/failures.ts";
import { deploymentFailures } from "../deployment/failures.ts";
import { registryFailures } from "../registry/failures.ts";
import { remoteFailures } from "../remote/failures.ts";
import { registryHost } from "../remote/registry-host.ts";
import type { Exit, RemoteError } from "../remote/remote.ts";
import { userName } from "../remote/user-name.ts";
import { targetFailures } from "../target/failures.ts";
import type { Failure } from "./job.ts";

/** The class is the contract: docs, CLI and dashboard read the same entry. */
export const failures = {
  ...remoteFailures,
  ...targetFailures,
  ...registryFailures,
  ...deploymentFailures,
  ...billingFailures,
  canceled: { title: "It was canceled", remedy: "Deploy again whenever you like." },
  overdue: { title: "It did not finish in time", remedy: "Check that the server answers, then try again." },
  internal: {
    title: "Something failed on our side",
    remedy: "Try again. If it fails again, write to support with the job's id; `berth whoami` shows the address.",
  },
} as const satisfies Record<string, { title: string; remedy: string }>;

export type FailureClass = keyof typeof failures;

export const isFailureClass = (text: string): text is FailureClass => Object.hasOwn(failures, text);

const MOST = 4096;
const plain = (text: string) => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** The failures on all of a job's targets share a row of at most 400 KB. */
const LOG_BYTES = 12_000;
const NAME_BYTES = 200;

/** Ends at a whole character. */
const cut = (text: string, most: number) =>
  Buffer.byteLength(text) <= most
    ? text
    : Buffer.from(text)
        .subarray(0, most)
        .toString()
        .replace(/\ufffd+$/u, "");

/** The most an error may say anywhere: 4 KB, without control characters. */
export const trim = (text: string) => cut(plain(text), MOST);

function lastLines(log: readonly string[]): string[] {
  const lines = log.slice(-40).map((line) => trim(line).slice(0, 400));
  let first = lines.length;
  for (let left = LOG_BYTES; first > 0; first--) {
    left -= Buffer.byteLength(lines[first - 1] ?? "");
    if (left < 0) break;
  }
  return lines.slice(first);
}

export const failure = (kind: FailureClass, more: Partial<Failure> = {}): Failure => ({
  class: kind,
  message: failures[kind].title,
  remedy: failures[kind].remedy,
  ...more,
});

function remedyOf(kind: FailureClass, { data, log, changed, service }: Exit): string {
  const general = failures[kind].remedy;
  if ((kind === "docker.denied" || kind === "sudo.password") && userName.test(data.user ?? ""))
    return general.replaceAll("USER", () => data.user ?? "");
  if (kind === "registry.denied" && registryHost.test(data.registry ?? ""))
    return general.replace("REGISTRY", () => data.registry ?? "").replace("USER", () => data.login ?? "USER");
  if (kind === "disk.full" && !changed) return `${general} Nothing was stopped.`;
  if ((kind === "start.failed" || kind === "unhealthy") && log.length > 0)
    return `See the last lines of ${service ? cut(service, NAME_BYTES) : "the container"} below. ${general}`;
  return general;
}

/** Secrets are redacted before this cuts text, so that no cut leaves half of one. */
export function failureOf(exit: Exit): Failure {
  const kind = exit.class ?? "internal";
  return failure(kind, {
    remedy: trim(remedyOf(kind, exit)),
    ...(exit.message && { message: trim(exit.message) }),
    ...(exit.step && { step: cut(exit.step, NAME_BYTES) }),
    ...(exit.service && { service: cut(exit.service, NAME_BYTES) }),
    ...(exit.log.length > 0 && { log: lastLines(exit.log) }),
    ...(exit.changed && { rolledBack: exit.rolledBack }),
  });
}

/** A silent server is `unreachable`; `timeout` means that a run took too long. */
export function connectionFailure(error: RemoteError): Failure {
  const kind = error.class === "aborted" ? "dropped" : error.class === "timeout" ? "unreachable" : error.class;
  const { title } = failures[kind];
  const why = trim(error.message);
  return failure(kind, { message: why === "" || why.startsWith(title) ? why || title : `${title}: ${why}` });
}
