// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { readFileSync } from "node:fs";
import { modules } from "../../packages/domain/src/remote/runner/modules.ts";
import { type Mutant, type Planted, within } from "./mutant.ts";

const kept = (words: string) => `test/remote/files-kept.test.ts#${words}`;
const links = (words: string) => `test/remote/files-links.test.ts#${words}`;
const given = (words: string) => `test/remote/files-given.test.ts#${words}`;
const images = (words: string) => `test/remote/images.test.ts#${words}`;
const pulls = (words: string) => `test/remote/pulls.test.ts#${words}`;
const runs = (words: string) => `test/remote/runs.test.ts#${words}`;
const logins = (words: string) => `test/remote/logins.test.ts#${words}`;
const asked = (words: string) => `test/remote/asked.test.ts#${words}`;
const waits = (words: string) => `test/remote/waits.test.ts#${words}`;
const refusals = (words: string) => `test/remote/refusals.test.ts#${words}`;

const parts = modules.map((name) => {
  const path = `packages/domain/src/remote/runner/${name}.sh`;
  return { path, text: readFileSync(new URL(`../../${path}`, import.meta.url), "utf8") };
});

/** In the part of the script that has the text; in the first one, and thereby told as lost, where none has. */
export const inRunner = (...planted: readonly Planted[]): Mutant[] =>
  planted.flatMap((each) => within((parts.find(({ text }) => text.includes(each[1])) ?? parts[0])!.path, [], each));

/** The script that works on a customer's server. */
export const script = inRunner(
  ["a run leaves its logins on the server", "conclude() {\n  forget_logins\n", "conclude() {\n", logins("by the run itself")],
  [
    "a run that is killed leaves its logins on the server",
    "  hold_logins\n",
    '  kept=$(readlink "$base/logins") || kept=\n',
    logins("killed, without"),
  ],
  [
    "logins of a run that lost its power stay",
    "  forget_logins\n  if [ -n",
    '  rm -f "$base/logins"\n  if [ -n',
    logins("at once"),
  ],
  ["a put-back pulls without logins", "logged_in limited 120 docker pull", "limited 120 docker pull", logins("put-back")],
  ["logins are kept on the disk", "place=$memory && break", "break", logins("in memory")],
  [
    "containers are started with the logins' configuration",
    '  if [ -n "$before" ]; then DOCKER_CONFIG=$before; else unset DOCKER_CONFIG; fi\n',
    "",
    logins("nothing else"),
  ],
  [
    "a user's own plugins are not found while there are logins",
    'then ln -s "$entry" "$kept/" || return 1; fi',
    "then :; fi",
    logins("works on beside"),
  ],
  [
    "what a release includes is read where the app's containers write",
    'elif [ "$folder" = "$app" ] && [ -f',
    'elif [ "$folder" != "$app" ] && [ -f',
    "test/remote/several-files.test.ts",
  ],
  [
    "a file that the app changed is overwritten by the next release",
    '    if [ -z "$replace" ]; then\n      keep stays\n      return\n    fi\n    set_aside || broken',
    "    set_aside || broken",
    kept("stays when the next release has it otherwise"),
  ],
  [
    "a file that the app changed is deleted when a release no longer has it",
    '[ -L "./$name" ] || { [ -f "./$name" ] && ours; }; then\n      if ! rm',
    '[ -L "./$name" ] || [ -f "./$name" ]; then\n      if ! rm',
    kept("stays when it is no longer in the release"),
    kept("stays when the app is removed"),
  ],
  [
    "a link in a folder's place is found when everything is stopped",
    '    if [ -L "./$part" ]; then\n      obstacle="$way is a link on the server"\n      return 2\n    fi\n    if [ ! -d',
    "    if [ ! -d",
    links("and leads nowhere, in the place of a folder"),
  ],
  [
    "a file of the host is written through a link that comes between the look and the step into it",
    'if [ "$(pwd -P && printf x)" != "$root/$way${newline}x" ]; then',
    "if false; then",
    links("while files are being put there is not followed either"),
  ],
  [
    "a service is given a folder of the host behind a link",
    'sources "$run/sources" "$new" || fail files.conflict "$message" "$who"\n  externals',
    "externals",
    links("where a service mounts from is refused"),
  ],
  [
    "what --replace-files took is lost when the release fails",
    'mkdir -p "$run/aside/$folder" && rename "./$name" "$run/aside/$path"',
    'rm -f "./$name"',
    kept("is replaced where --replace-files says so"),
  ],
  [
    "a script that a release brings cannot be executed",
    'chmod +x "$new.new/$path"',
    ": ",
    given("a file can be executed where the release says so"),
  ],
  [
    "others on the server read the app's variables",
    'chmod 600 "$new.new/.env"',
    'chmod 644 "$new.new/.env"',
    given("whoever a container runs as can read its files"),
  ],
  [
    "a release means something else for another login",
    'if [ -z "${BERTH_CLEAN-}" ]; then',
    "if false; then",
    given("has none of the login's variables"),
  ],
  ["${PWD} means another folder on each server", '"PWD=$app" docker compose', "docker compose", given("PWD is the app's folder")],
  [
    "a changed file reaches no container",
    'if [ -n "$given" ]; then printf \'      berth.files: "%s"\\n\' "$given"; fi',
    ":",
    given("so that it is made again when one of that changes"),
  ],
  [
    "an app takes over the folder of another account's",
    '[ "$owner" = "$app_id" ] || fail conflict',
    '[ -n "$owner" ] || fail conflict',
    runs("when the folder is another app's"),
  ],
  [
    "another account's containers are told",
    '[ "$value" = "$app_id" ] || answer 1 conflict "The project $project belongs to another app"\n  if diagnose',
    'true || answer 1 conflict "The project $project belongs to another app"\n  if diagnose',
    asked("it tells nothing of another account's app"),
  ],
  [
    "a caller that was replaced changes the server",
    '[ "$fence" -ge "$stored" ] || answer 76',
    '[ -n "$stored" ] || answer 76',
    runs("is refused with a lower fence"),
  ],
  [
    "two runs change a server at once",
    "  if flock -n 9; then\n    turn=1\n",
    "  if :; then\n    turn=1\n",
    runs("another job meanwhile is told who holds the server"),
  ],
  [
    "a cancellation ends the run and puts nothing back",
    'kill -TERM "$pid"; fi',
    'kill -KILL "$pid"; fi',
    runs("by a cancel, which the run itself reports"),
  ],
  [
    "a job that was canceled before it began begins",
    '    mv "$run/exit.new" "$run/exit"\n    return\n',
    "    return\n",
    runs("by a cancel before it began, and then never begins"),
  ],
  [
    "a rollback serves what the tag means now",
    '  if [ -e "$own/$release.healthy" ] || [ -e "$run/pinned" ]; then\n    cp',
    '  if [ -e "$run/pinned" ]; then\n    cp',
    images("a rollback starts the old image by its id"),
    images("a release that was healthy keeps its image"),
  ],
  [
    "a release's image goes when its tag moves",
    '    limited 60 docker image tag -- "$id" "$tag" >"$run/out" 2>&1\n',
    "    rc=0\n",
    images("is one tag a service of each release"),
  ],
  [
    "an image of a release that was forgotten stays for ever",
    'tag_of "$name" "$number"\n        printf',
    "tag=none\n        printf",
    images("is one tag a service of each release"),
  ],
  [
    "an image for another processor is started",
    'fail arch.mismatch "An image',
    ': "An image',
    runs("when an image is made for another processor"),
  ],
  [
    "in Compose 5 the progress speaks of a service called Image",
    "image=${subject#Image }",
    "image=$subject",
    pulls("in the words of"),
  ],
  [
    "a user who may not use Docker is told that Docker is down",
    '    if denied; then class=docker.denied message="The user $(id -un) may not use Docker"; fi\n',
    "",
    refusals("is told so, in Docker's own words"),
  ],
  [
    "what Docker said is lost but for its last line",
    "    words=$(complaint)\n    survey",
    "    words=$(complaint | tail -n 1)\n    survey",
    refusals("is kept whole, without progress"),
  ],
  [
    "a port that is taken is found when everything is stopped",
    "  externals\n  clashes\n",
    "  externals\n",
    refusals("a port that a program listens on is refused"),
  ],
  [
    "a network that is missing is found when everything is stopped",
    "  externals\n  clashes\n",
    "  clashes\n",
    refusals("that does not exist is refused, and one that does is not"),
  ],
  [
    "a registry that denies is taken for one that is away, and tried again",
    "    *' denied'* | *unauthorized* |",
    "    *' denies'* |",
    pulls("a pull fails with its class"),
  ],
  [
    "a dependency that needs long is killed after its first second",
    '    case $found in [0-9]*) limit=${found%%"$tab"*} reason=${found#*"$tab"} ;; esac\n',
    "    limit=1\n",
    waits("takes as long as a dependency may to become healthy"),
  ],
  [
    "a container is killed before its stop_grace_period is over",
    "down_seconds=$((start_seconds + stop_seconds))",
    "down_seconds=$start_seconds",
    waits("lets what runs stop as slowly as it may"),
  ],
  [
    "the time that was set is not what is waited",
    "limit=$wait_seconds reason='set by wait'",
    "limit=1 reason='set by wait'",
    waits("is given the time that was set instead"),
  ],
  [
    "a service that was restarted meanwhile has no time left",
    '  if [ "${age:-$limit}" -lt "$limit" ] && [ "${age:-0}" -ge 0 ]; then return 1; fi\n',
    "",
    waits("has its time anew when it was restarted meanwhile"),
  ],
  [
    "what is put back is given less time than it needs",
    '  if [ -n "$concluded" ] && [ "$wait_seconds" -lt "$limit" ]; then return; fi\n',
    "",
    waits("what is put back has the time that its own health check says"),
  ],
  [
    "a restart of Docker makes a good release fail",
    '      await_docker || fail docker.down "$why"\n',
    '      fail docker.down "$why"\n',
    runs("is waited for afterwards too"),
  ],
);
