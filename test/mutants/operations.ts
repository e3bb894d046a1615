import { inRunner } from "./runner.ts";

const told = (words: string) => `test/remote/operations.test.ts#${words}`;

const carried = (words: string) => `test/remote/carry.test.ts#${words}`;

/** What a run does of what it was told. */
export const operating = inRunner(
  [
    "a run does what this runner does not know, and stops halfway",
    'if (!(word[1] in named) && !(word[1] in alone)) wrong("This',
    'if (0) wrong("This',
    told("a word that it does not know"),
  ],
  [
    "a run touches a service that the release does not have",
    ': !(word[i] in mine || word[1] == "up" && word[i] in programs))',
    ": 0)",
    told("a service that the release does not have"),
    told("one wrong name among many"),
  ],
  [
    "a service of the release is removed",
    'word[1] == "remove" ? word[i] in known || word[i] in mine',
    'word[1] == "remove" ? 0',
    told("the removal of a service that it has"),
  ],
  ["a plan has no end", "if (++lines > 100)", "if (++lines > 100000)", told("more than 100 operations")],
  [
    "a plan that was cut off is done as far as it came",
    '[ "$(wc -c <"$scratch/reply")" -le 262144 ] ||',
    "true ||",
    told("an answer without an end"),
  ],
  [
    "a plan that an overtaken worker answers is begun",
    "  guard\n}\n",
    "}\n",
    told("for a caller that was overtaken while it was asked"),
  ],
  [
    "a plan of which a part has arrived is done",
    '[ "$(tail -c 3 "$scratch/reply")" = "$newline." ] ||',
    "true ||",
    told("whose caller's line breaks"),
  ],
  [
    "an image of another app is loaded with those that are carried",
    "if (!(quoted in ours)) strange = 1",
    "strange = strange",
    carried("another app's"),
  ],
  ["names behind escapes are not read", "/\\\\/ { strange = 1 }", "", carried("behind an escape")],
  [
    "a run begins with half of what is carried",
    '[ "$(wc -c <"$base/carried")" -eq "$size" ] ||',
    "true ||",
    carried("does not begin with half"),
  ],
  [
    "an image that was carried is left on the server that packed it",
    'trap \'rm -rf "$scratch" "$pack"\' EXIT',
    ":",
    carried("leaves nothing behind"),
  ],
  [
    "containers are changed before the release's files are in place",
    'after["remove"] = after["stop"] = after["move"] = after["up"] = after["wait"]',
    'after["remove"] = after["wait"]',
    told("containers before files"),
  ],
  [
    "a deployment that nobody planned begins",
    '[ -n "$value" ] || [ "$op" != deploy ] || answer 1 plan.failed',
    "true || answer 1 plan.failed",
    told("without a plan does not begin"),
  ],
  [
    "services that run on are brought up with those that change",
    'up) stage start; raise -- "$@" ;;',
    "up) stage start; raise ;;",
    told("does what it was told"),
  ],
  [
    "a run that an older runner began is begun anew by another one",
    'if [ ! -e "$run/pid" ] || [ -f "$run/operations" ]; then set --',
    "if :; then set --",
    told("that another runner began"),
  ],
  [
    "a service that is not waited for decides whether the release is healthy",
    '($2 in mine) && (only == "" || index(only, " " $2 " "))',
    "$2 in mine",
    told("does what it was told"),
  ],
  [
    "on a server with BusyBox no image is known to be there",
    "awk 'FILENAME == ARGV[1] { gone[$0]; next } !($0 in gone)' \"$1\" -",
    'grep -Fxv -f "$1"',
    "test/remote/images-told.test.ts",
  ],
  ["a service is back before it is healthy", ' || $4 == "health_status: healthy"', "", "test/remote/downtime.test.ts"],
  ["what was not replaced is forgotten", "if (!($1 in back)) print $1 FS $2;", "", "test/remote/downtime.test.ts"],
);
