// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const context = ["test/cli/build-context.test.ts"];
const archives = ["test/api/archives.test.ts"];
const bucket = ["test/aws/s3.test.ts"];
const send = ["test/remote/send.test.ts"];
const large = ["test/remote/large-files.test.ts"];

/** What is built on servers, from the folder to the run. */
export const builds = [
  ...within(
    "packages/cli/src/build/context.ts",
    context,
    [
      "what .dockerignore leaves out is sent",
      "const left = rules?.ignores(path) ?? false;",
      "const left = rules?.brings === undefined;",
    ],
    ["what it brings back below a folder is not sent", "if (left && !rules?.brings) continue;", "if (left) continue;"],
    ["the rules beside a Dockerfile do not count", "...(dockerfile ? [`${dockerfile}.dockerignore`] : []), ", ""],
    [
      "Docker does not see what the rules leave out",
      "if (context.ignores) await takeOne(",
      "if (!context.ignores) await takeOne(",
    ],
    ["a context outside the folder is taken along", "if (isOutside(plain))", 'if (plain === "")'],
  ),
  ...within(
    "packages/cli/src/build/archives.ts",
    context,
    ["an archive is another at each deploy", "mtime: new Date(0)", "mtime: new Date(performance.now() * 1e6)"],
    ["a new file changes all archives after it", "(size >= least && endsOne(entry.path)) || size >= 8 * least", "size >= least"],
    ["files lose their modes", "mode: entry.mode,", "mode: 0o644,"],
  ),
  ...within(
    "packages/domain/src/release/archives.ts",
    archives,
    ["more than there is room for is taken", "if (bytes > BUILT_FROM_BYTES)", "if (bytes < 0)"],
    ["an account sends as much as it likes", "if (bytes > 0)", "if (bytes < 0)"],
    [
      "who does not pay sends what cannot be deployed",
      'assertPermitted(ctx, account, "grow");',
      'if (archives.length === 0) assertPermitted(ctx, account, "grow");',
    ],
  ),
  ...within(
    "packages/aws/src/s3.ts",
    bucket,
    ["a tenant is given another's archives", "`${tenant}/${hash}`", "`${hash}${tenant.slice(0, 0)}`"],
    ["other bytes are taken than were signed for", 'new Set(["x-amz-checksum-sha256"])', "new Set<string>()"],
    ["an archive that is about to go is not sent again", "(KEPT_DAYS - NAMED_DAYS)", "(KEPT_DAYS + NAMED_DAYS)"],
  ),
  ...within(
    "packages/domain/src/remote/runner/large.sh",
    large,
    ["a link in an archive brings a file of the server", "-type f -links 1", "-name '*'"],
    ["a rollback needs what was sent for it", 'if ! has_large "$new"; then', "if :; then"],
    ["large files are kept from the app's users", 'cat "$from" >"$new.new/$path"', 'cp "$from" "$new.new/$path"'],
    ["a release has other large files than were sent", "! awk -F", "awk -F"],
  ),
  ...within(
    "packages/domain/src/remote/runner/build.sh",
    ["test/remote/built.test.ts"],
    ["an archive writes through the link of another", "      if has_links; then", "      if has_links && [ -z x ]; then"],
    ["a build weighs as much as what serves", "    weigh 102 10\n", ""],
    ["what comes after a build weighs as little", "  weigh 1024 100\n", ""],
    ["a build keeps its run's locks", "(exec 8>&- 9>&- && yielding) &", "yielding &"],
  ),
  ...within("packages/domain/src/remote/runner/pins.sh", large, [
    "a plan knows nothing of large files",
    '    unsent "$source"\n',
    "",
  ]),
  ...within(
    "packages/domain/src/remote/send.ts",
    send,
    ["a server is sent one archive again and again", "left.delete(hash);", "left.has(hash);"],
    ["more is sent than was said", "if (sent > bytes) break;", "if (sent < 0) break;"],
    ["an archive is held whole", "if (!channel.write(chunk)) await", "if (!channel.write(chunk) && sent < 0) await"],
    ["two archives are sent into each other", "before = before.then(() => send(hash, bytes));", "before = send(hash, bytes);"],
  ),
  ...within("packages/domain/src/deployment/deploy.kind.ts", archives, [
    "a rollback sends what it does not build",
    "const list = unbuilt ? [] : archives;",
    "const list = unbuilt && archives.length === 0 ? [] : archives;",
  ]),
  ...within(
    "packages/domain/src/release/read-bundle.ts",
    ["test/api/deployed-files.test.ts"],
    ["what is built of nothing is accepted", "  checkBuilds(composed, bundle);\n", ""],
  ),
];
