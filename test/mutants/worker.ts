// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const events = ["test/remote/events.test.ts"];
const failure = ["test/domain/failure.test.ts"];
const recorder = ["test/domain/recorder.test.ts"];
const rollout = ["test/domain/rollout.test.ts"];
const silent = ["test/domain/silent.test.ts"];
const seen = ["test/domain/seen.test.ts"];
const images = ["test/domain/images.test.ts"];

/** Workers, and what they hear of somebody else's server. */
export const workers = [
  ...within(
    "packages/domain/src/remote/address.ts",
    ["test/remote/address.test.ts"],
    [
      "a name with a private address beside a public one is connected to",
      "for (const { address } of found) {",
      "for (const { address } of found.slice(0, 1)) {",
    ],
    [
      "a cloud's metadata is read through a target's address",
      'new Set(["unicast", "private", "loopback",',
      'new Set(["unicast", "private", "linkLocal", "loopback",',
    ],
    ["an address that nobody has is connected to", 'ipaddr.parseCIDR("2000::/3")', 'ipaddr.parseCIDR("::/0")'],
  ),
  ...within(
    "packages/domain/src/remote/deadline.ts",
    silent,
    [
      "a server that says nothing keeps a worker for an hour",
      "world.sleep(seconds * 1000, done.signal)",
      "world.sleep(seconds * 120_000, done.signal)",
    ],
    ["one customer's silent servers keep all workers", 'name: "readers", most: 4,', 'name: "readers", most: 400,'],
    ["a connection that was given up stays open", "      late.abort();\n", "", "test/remote/hostile-server.test.ts"],
  ),
  ...within(
    "packages/domain/src/remote/events.ts",
    events,
    [
      "a server's line without an end takes all memory",
      "    if (size >= lineLimit) return;\n    const kept = bytes.subarray(0, lineLimit - size);",
      "    const kept = bytes;",
    ],
    ["a server's verdict without an end takes all memory", "verdict.length < fieldLimit", "verdict.length >= 0"],
    ["a server's facts break the row they are kept in", "value.slice(0, valueLimit)", "value"],
    [
      "a server's words move a terminal's cursor",
      '  const text = cleanText(value ?? "");\n  return text',
      '  const text = value ?? "";\n  return text',
    ],
  ),
  ...within(
    "packages/domain/src/job/failure.ts",
    failure,
    [
      "a server's name for its user becomes part of a command to paste",
      '(kind === "docker.denied" || kind === "sudo.password") && userName.test(data.user ?? "")',
      '(kind === "docker.denied" || kind === "sudo.password") && data.user',
    ],
    [
      "a remedy speaks of lines that are not there",
      '(kind === "start.failed" || kind === "unhealthy") && log.length > 0',
      '(kind === "start.failed" || kind === "unhealthy") && log',
    ],
    [
      "nobody is told that a full disk stopped nothing",
      'if (kind === "disk.full" && !changed)',
      'if (kind === "disk.full" && changed)',
    ],
    [
      "a server that is silent is said to be too slow",
      'error.class === "timeout" ? "unreachable"',
      'error.class === "timeout" ? "timeout"',
      "test/domain/silent.test.ts",
      "test/domain/failure.test.ts",
    ],
    ["a failure says its sentence twice", 'why === "" || why.startsWith(title) ? why || title', 'why === "" ? title'],
  ),
  ...within("packages/domain/src/deployment/remove.kind.ts", rollout, [
    "a removal that finds Docker down has failed for good",
    "retries: true",
    "retries: false",
  ]),
  ...within(
    "packages/domain/src/log/batch-writer.ts",
    ["test/domain/log.test.ts"],
    ["a worker takes the lines that it wrote itself for another's, and leaves", ' OR #by = :by"', '"'],
  ),
  ...within(
    "packages/domain/src/remote/ssm/command.ts",
    ["test/remote/run-command.test.ts"],
    ["a command that was given up runs later", "await commands.cancel(id).catch(ignored);", ""],
    ["what AWS slows down has failed for good", "return throttled.test(error.name) || (", "return ("],
    [
      "a command that AWS never answers is waited for without end",
      "if (clock.now().getTime() >= until) throw late(told);",
      "if (clock.now().getTime() >= until * 1000) throw late(told);",
    ],
  ),
  ...within(
    "packages/domain/src/remote/ssm/session.ts",
    ["test/remote/ssm.test.ts"],
    ["the history of commands tells what is sent", "? seal.seal(piece)", "? Buffer.concat([seal.seal(piece), piece])"],
    [
      "a server has the worker ask for ever",
      " && Number(size) > offset) throw gone();",
      " && Number(size) < offset) throw gone();",
    ],
  ),
  ...within(
    "packages/domain/src/remote/ssm/connect.ts",
    ["test/remote/ssm.test.ts"],
    ["megabytes are sent in pieces of kilobytes", "bytes > SENT_MOST && {", "bytes > SENT_MOST * 1000 && {"],
  ),
  ...within("packages/domain/src/target/check.kind.ts", silent, [
    "a check of a server that is away goes on for twenty minutes",
    "retries: false",
    "retries: true",
  ]),
  ...within("packages/domain/src/engine/finish.ts", rollout, [
    "a target that showed another host key is not marked after a deploy",
    'kind.changes === "target" ? markChanged(ctx, job) : []',
    'kind.changes === "nothing" ? markChanged(ctx, job) : []',
  ]),
  ...within(
    "packages/domain/src/engine/end.ts",
    ["test/domain/kind.test.ts"],
    ["what a kind does after its end is not done", "if (ended(after)) return", "if (!ended(after)) return"],
  ),
  ...within(
    "packages/domain/src/engine/end.ts",
    ["test/domain/build-on.test.ts"],
    ["who waits for the one that builds is told a minute late", "(target) => target !== message.target", "() => false"],
  ),
  ...within(
    "packages/domain/src/deployment/carry.ts",
    ["test/domain/carry.test.ts"],
    [
      "a server gets images that the release does not build",
      "if (!services.every((service) => built.has(service)))",
      "if (services.length === 0)",
    ],
    ["a builder that shows another host key is tried again", "if (passing.has(error.class))", "if (error.class)"],
  ),
  ...within(
    "packages/domain/src/engine/recorder.ts",
    recorder,
    ["a step is on the screen two seconds late", "const CHANGE_MILLISECONDS = 100;", "const CHANGE_MILLISECONDS = 2000;"],
    [
      "a container that prints without end fills the table",
      "event.seq - options.base <= LINES_MOST && lineBytes <= LINE_BYTES_MOST",
      "event.seq - options.base <= LINES_MOST * 1000 && lineBytes <= LINE_BYTES_MOST * 1000",
    ],
    ["lines are left out without a word", "    if (gap)\n      push({", "    if (gap && gap.count < 0)\n      push({"],
    [
      "a container that prints faster than can be kept takes all memory",
      "if (bytes >= WAITING_BYTES_MOST || ",
      "if (bytes < 0 || ",
    ],
    [
      "all that a server says is searched for secrets, kept or not",
      "if (size > left) return false;",
      "if (size < 0) return false;",
    ],
  ),
  ...within(
    "packages/domain/src/container/seen.ts",
    seen,
    [
      "what was seen before takes the place of what was seen after",
      '"attribute_not_exists(seenAt) OR seenAt <= :at"',
      '"attribute_not_exists(seenAt) OR seenAt <= :at OR seenAt > :at"',
    ],
    ["a server that cannot be asked is said to run all", 'problem ? "unknown" : state', "state"],
    [
      "an app made again under an old name is said to run",
      "`SEEN#${appId}#${environment}#${target}`",
      "`SEEN#${appId.slice(0, 4)}#${environment}#${target}`",
    ],
  ),
  ...within(
    "packages/domain/src/container/address.ts",
    ["test/domain/address.test.ts"],
    ["an address that only the server itself reaches is told as the app's", "if (isLoopback(address)) continue;", ""],
  ),
  ...within(
    "packages/domain/src/release/images.ts",
    images,
    ["a server's words become the name of an image", "/^(sha256:[0-9a-f]{64})(?: ", "/^(\\S+)(?: "],
    ["an image's id of one server is looked for on another", 'own ? id : "-"', "id"],
  ),
  ...within(
    "packages/domain/src/container/state.ts",
    seen,
    [
      "an app without one of its services is said to run",
      '!lives ? "stopped" : missing.length > 0 || own',
      '!lives ? "stopped" : missing.length > 100 || own',
    ],
    [
      "a container whose health check fails is said to be well",
      'health === "unhealthy" ? "Its health check fails." : null',
      "null",
    ],
    [
      "a container that a restart of the server ended is said to have stopped by itself",
      "startedAt < bootedAt &&",
      "startedAt > bootedAt &&",
    ],
    [
      "a container that Docker would not start again is said to have ended as it should",
      'restartPolicy === "always" || restartPolicy',
      'restartPolicy === "" || restartPolicy',
    ],
    [
      "what is not known of one server is said to run",
      'degraded" || state === "stopped") ? "degraded" : "unknown"',
      'degraded" || state === "stopped") ? "degraded" : "running"',
    ],
  ),
];
