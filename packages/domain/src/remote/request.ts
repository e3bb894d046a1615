import { pack } from "tar-stream";
import type { Archives, Decision, Login, RunInput } from "./remote.ts";
import { runner } from "./runner.ts";

/**
 * The only command ever executed on a server. `sh -c` makes it independent of the login shell. Values come on standard input: a line
 * that is kept in memory, which the runner reads from its third descriptor, the length of a tar, the tar, and then the answer to what the
 * runner asks.
 */
export const RUN =
  "exec sh -c '" +
  'umask 077; PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; export PATH; ' +
  'fail() { printf "berth 1 0\\nr\\tcode\\t%s\\nr\\tclass\\t%s\\nr\\tstep\\tpreflight\\nr\\tmessage\\t%s\\n.\\n" "$1" "$2" "$3"; cat >/dev/null; exit "$1"; }; ' +
  'command -v tar >/dev/null || fail 69 tool.missing "tar is not installed"; ' +
  'full() { c=files.failed; case $1 in *"o space left"*|*uota*exceeded*) c=disk.full;; *ermission*|*ead-only*) c=folder.denied;; esac; ' +
  'fail 1 "$c" "$2: $(printf "%s" "$1" | head -n 1)"; }; ' +
  "IFS= read -r s; " +
  'd=$(mktemp -d -t berth.XXXXXXXX 2>&1) || full "$d" "No temporary folder can be made"; ' +
  'n=0; IFS= read -r n; e=$(head -c "$n" | tar -xof - -C "$d" 2>&1) || { rm -rf "$d"; full "$e" "The release cannot be unpacked"; }; ' +
  'if [ -z "$s" ]; then exec sh "$d/runner.sh" "$d"; fi; ' +
  'mkfifo "$d/s" || { rm -rf "$d"; fail 69 tool.missing "mkfifo is not installed"; }; exec 3<>"$d/s"; ' +
  'printf "%s\\n" "$s" >&3 & exec sh "$d/runner.sh" "$d" 3' +
  "'";

/** The values a run may be given, with their defaults. */
export const VALUES = [
  "project", // <app>-<environment>
  "app_id", // owns the folder
  "release", // number
  "resource", // what the fence guards; by default "server"
  "timeout_seconds", // 3600 for the whole run; 60 for following logs
  "pull_seconds", // 600
  "wait_seconds", // for each wait for a service: by default the Compose file says
  "start_seconds", // 120 more for Compose and Docker
  "settle_seconds", // 3, for services without a health check
  "pull", // "always": resolves tags of a release that was never healthy here; "missing": only its recorded images
  "logins", // lines of registry TAB user, whose passwords the secret line has
  "pins", // for "missing" on a server that does not know the release: lines of service TAB image id or - TAB repository@digest or -
  "fresh", // services whose images are pulled by their names though pins has the others, one a line
  "moves", // add-ons whose data another version takes over: lines of name TAB kind TAB volume TAB new volume, as the Compose file names them
  "move_start_seconds", // 600, for each server to be healthy
  "lapsed", // volumes to be removed at the end, one a line
  "min_free_mb", // 200
  "keep", // 5 releases
  "docker_seconds", // 300, for a Docker that stops answering while containers are replaced
  "compose_files", // paths of the release's Compose files, in Compose's order, one a line; by default compose.yaml
  "replace_files", // "1": the release's files replace those changed on the server
  "volumes", // of a removal: "keep" or "delete"
  "services", // of logs: one a line, by default all; of save
  "tail", // 200 lines of all containers together
  "since",
  "follow", // "1"
  "begun", // with "positions", as an earlier run reported them: resumes after it
  "positions",
  "run", // the job to cancel
  "archives", // names of those that the release is built from, one a line
  "mounted", // names of those with large files that are mounted, one a line
  "large", // these files: lines of hash TAB x or - TAB checksum SPACE length TAB path
  "build_seconds", // 1800
  "build_free_mb", // 500
  "what", // of preparing a server: "docker", "passwords.off" or "passwords.on"
  "carried", // "1": what the release builds is built on another server
  "ask", // "1": reports before it begins, and asks whether to
] as const;

const valueNames = new Set<string>(VALUES);

/** What RUN reads from standard input. Throws on a path that would leave the release, or an unknown value. */
export async function toRequest(input: RunInput, script: string = runner): Promise<Buffer> {
  const tar = pack();
  const add = (name: string, content: string | Uint8Array) =>
    tar.entry({ name, mode: 0o600, type: "file" }, Buffer.from(content as Uint8Array)); // Buffer.from takes either
  add("runner.sh", script);
  for (const [name, value] of Object.entries({
    op: input.op,
    job: input.job,
    fence: String(input.fence),
    from: String(input.from),
  })) {
    add(name, value);
  }
  for (const [name, value] of Object.entries(input.values)) {
    if (!valueNames.has(name)) throw new Error(`no value is called ${JSON.stringify(name)}`);
    add(`values/${name}`, value);
  }
  const { op, logins = [] } = input;
  if (op !== "login" && logins.length > 0)
    add("values/logins", logins.map(({ registry, user }) => `${registry}\t${user}\n`).join(""));
  const { list = [], mounted = [] } = input.archives ?? {};
  if (list.length > 0) add("values/archives", namesOf(list));
  if (mounted.length > 0) add("values/mounted", namesOf(mounted));
  // A path is a value too: no name inside the tar is ever made of one.
  for (const [index, file] of input.files.entries()) {
    add(`files/${index + 1}.path`, checkPath(file.path));
    add(`files/${index + 1}.content`, file.content);
    if (file.executable) add(`files/${index + 1}.executable`, "");
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const secret = op === "login" ? authBody(logins[0]) : logins.map(entry).join(" ");
  return Buffer.concat([Buffer.from(`${secret}\n${length}\n`), ...chunks]);
}

const namesOf = (archives: Archives["list"]) => archives.map(({ hash }) => `${hash}\n`).join("");

/** What Docker calls a registry in its configuration. */
const keyOf = (registry: string) => (registry === "docker.io" ? "https://index.docker.io/v1/" : registry);

const entry = ({ registry, user, password }: Login) =>
  `${keyOf(registry)} ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** In ASCII, since the runner counts its characters. */
const authBody = (login: Login | undefined) =>
  login
    ? JSON.stringify({ username: login.user, password: login.password, serveraddress: keyOf(login.registry) }).replaceAll(
        /[\u007f-\uffff]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
    : "";

/** The answer to a runner that asks whether to begin (agree in runner/agree.sh). The dot at its end tells that all of it has arrived. */
export function toAnswer(decision: Decision): string {
  const [word, lines] =
    "no" in decision ? [`no ${decision.no}`, decision.reasons] : [decision.go === "run" ? "go" : decision.go, decision.plan];
  return [word, ...lines, "."].map((line) => `${line.replaceAll("\n", " ")}\n`).join("");
}

/** A relative path of a release's file, as it is. Throws when it leaves the folder. */
export function checkPath(path: string): string {
  const parts = path.split("/");
  if (path.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new Error(`a release cannot hold a file at ${JSON.stringify(path)}`);
  }
  return path;
}
