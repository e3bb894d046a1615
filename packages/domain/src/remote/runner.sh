#!/bin/sh
# What happens on a server. One process talks to the caller (`runner.sh FOLDER`, FOLDER being the unpacked request);
# what changes the server runs apart from it, in a session of its own (`runner.sh --run FOLDER`), and outlives it.
#
#   apps/<project>/            the app's Compose folder: the files of the release that runs, and its relative bind mounts
#     releases/<n>/  current -> releases/<n>  .berth/{owner,laid,pulled,<n>.pinned.yaml,<n>.images}
#   runs/<job>/{plan,events,exit,pid,alive,fence}   fences/<resource>   lock   mutation   holder
#
# lock      held for moments: fences are compared and runs started under it
# mutation  held by a run for its whole life: runs never overlap
# alive     held likewise, one for each run: whoever follows it learns of its end from the kernel, however it came
#
# Values come from files and are only ever expanded inside quotes. What is said to the caller is described in events.ts.
set -u
umask 077
LC_ALL=C
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
export LC_ALL PATH
unset COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES COMPOSE_ENV_FILES COMPOSE_PATH_SEPARATOR COMPOSE_REMOVE_ORPHANS
tab=$(printf '\t')
label=com.docker.compose

# --- both halves ---

# value NAME DEFAULT: the first line of a plan file, into $value
value() {
  value=
  if [ -f "$plan/$1" ]; then IFS= read -r value <"$plan/$1" || :; fi
  [ -n "$value" ] || value=$2
}

# number NAME DEFAULT: a plan value that must be a whole number, into $value
number() {
  value "$1" "$2"
  case $value in *[!0-9]* | ??????????*) value=$2 ;; esac
}

plain() { case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac }

field() { printf 'r\t%s\t%.3000s\n' "$1" "$2"; }

# Milliseconds since 1970 into $ms, without starting a process.
now() {
  read -r up _ </proc/uptime
  ms=$((boot + ${up%.*}${up#*.} * 10))
}

set_clock() {
  clock=$(date +%s%N)
  case ${#clock}$clock in *[!0-9]*) clock=$(date +%s)000 ;; 19*) clock=${clock%??????} ;; *) clock=$(date +%s)000 ;; esac
  read -r up _ </proc/uptime
  boot=$((clock - ${up%.*}${up#*.} * 10))
}

free_mb() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }

docker_root() { if [ -d /var/lib/docker ]; then printf /var/lib/docker; else printf '%s' "$base"; fi; }

# Why Docker cannot be used, into $class and $message; fails when it can.
diagnose() {
  class= message=
  for tool in flock setsid timeout mkfifo awk; do
    command -v "$tool" >/dev/null && continue
    class=tool.missing message="$tool is not installed" && return
  done
  if ! command -v docker >/dev/null; then
    class=docker.missing message='Docker is not installed'
  elif ! compose_version=$(timeout 20 docker compose version --short 2>/dev/null); then
    class=compose.missing message='Docker has no Compose plugin (docker compose)'
  elif ! docker_version=$(timeout 20 docker version --format '{{.Server.Version}}' 2>"$scratch/docker"); then
    class=docker.down message='Docker does not answer'
    if grep -qi 'permission denied' "$scratch/docker"; then message='This user may not use Docker'; fi
  else
    case ${compose_version#v} in
      [01].*) class=compose.missing message="Compose $compose_version is too old: version 2 is needed" ;;
      *) return 1 ;;
    esac
  fi
}

# --- the half that talks to the caller ---

# answer CODE CLASS MESSAGE [KEY VALUE]: a verdict of its own, without a run
answer() {
  [ -n "${said-}" ] || printf 'berth 1 %s\n' "$from"
  field code "$1"
  field class "$2"
  field step preflight
  field message "$3"
  if [ $# -ge 5 ]; then field "$4" "$5"; fi
  printf '.\n'
  exit "$1"
}

front() {
  scratch=$1 plan=$1/plan from=0 op='' job='' fence=''
  trap 'rm -rf "$scratch"' EXIT
  trap '' PIPE
  IFS= read -r op <"$1/op" || :
  IFS= read -r job <"$1/job" || :
  IFS= read -r fence <"$1/fence" || :
  IFS= read -r from <"$1/from" || :
  case $from in '' | *[!0-9]*) from=0 ;; esac
  if [ "$(id -u)" = 0 ]; then base=/var/lib/berth; else base=$HOME/.berth; fi
  case $op in
    check) check ;;
    logs) logs ;;
    deploy | remove | cancel) mutate ;;
    *) answer 1 internal "The runner does not know what '$op' is" ;;
  esac
}

mutate() {
  plain "$job" || answer 1 internal 'The job has no proper name'
  case $fence in '' | *[!0-9]*) answer 1 internal 'The fence is not a number' ;; esac
  if [ "$op" = cancel ]; then
    value run "$job" && job=$value
    plain "$job" || answer 1 internal 'The job to cancel has no proper name'
  fi
  value resource server && resource=$value
  plain "$resource" || answer 1 internal 'The fence guards nothing'
  for tool in flock setsid timeout mkfifo awk; do
    command -v "$tool" >/dev/null || answer 69 tool.missing "$tool is not installed"
  done
  mkdir -p -m 700 "$base" && mkdir -p "$base/runs" "$base/fences" "$base/apps" ||
    answer 1 disk.full "$base cannot be made"
  exec 7>>"$base/lock"
  timeout 20 flock 7 || answer 75 busy 'The server is starting another run'
  guard
  run=$base/runs/$job
  if [ "$op" = cancel ]; then cancel; else begin; fi
  exec 7>&-
  follow
}

# A fence lower than one seen before belongs to a caller that has been replaced.
guard() {
  stored=0
  if [ -f "$base/fences/$resource" ]; then read -r stored <"$base/fences/$resource"; fi
  [ "$fence" -ge "$stored" ] || answer 76 fence "A caller with the higher fence $stored has been here" stored "$stored"
  [ "$fence" -eq "$stored" ] && return
  printf '%s\n' "$fence" >"$base/fences/$resource.new" && mv "$base/fences/$resource.new" "$base/fences/$resource" ||
    answer 1 disk.full 'The fence cannot be stored'
}

alive() { [ -e "$run/alive" ] && ! flock -n -s "$run/alive" true; }

# Start the run, unless it has ended (it is replayed) or is going on (it is attached to). One that vanished with the
# server is started again by a caller with a higher fence: every step says how things should be, so repeating is safe.
begin() {
  if [ -e "$run/exit" ] || alive; then return; fi
  if [ -e "$run/pid" ]; then
    read -r begun <"$run/fence"
    [ "$fence" -gt "$begun" ] || return
  fi
  start
}

start() {
  exec 9>>"$base/mutation"
  if ! flock -n 9; then
    holder=
    read -r holder <"$base/holder" || :
    answer 75 busy "The run $holder is going on" holder "$holder"
  fi
  mkdir -p "$run" && rm -rf "$run/plan" "$run/files" && mkdir "$run/plan" "$run/files" || answer 1 disk.full 'No room for a run'
  cp "$scratch/runner.sh" "$scratch/op" "$run/" && cp -R "$scratch/plan/." "$run/plan/" && printf '%s\n' "$fence" >"$run/fence" ||
    answer 1 disk.full 'No room for a run'
  if [ -d "$scratch/files" ]; then cp -R "$scratch/files/." "$run/files/" || answer 1 disk.full 'No room for the release'; fi
  printf '%s\n' "$job" >"$base/holder"
  : >>"$run/events"
  exec 8>>"$run/alive"
  flock 8
  # A scope keeps the run out of the reach of whatever ends the login session; where it cannot be had, setsid does.
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    rm -f "$run/pid"
    setsid sh -c 'systemd-run --quiet --scope --collect sh "$1/runner.sh" --run "$1"; [ -e "$1/pid" ] || exec sh "$1/runner.sh" --run "$1"' \
      sh "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  else
    setsid sh "$run/runner.sh" --run "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  fi
  exec 8>&- 9>&-
}

# Tell everything from the offset on, as it happens, until the run's lock is free; then the verdict.
follow() {
  printf 'berth 1 %s\n' "$from"
  seen=$from
  if [ ! -e "$run/exit" ] && alive; then
    mkfifo "$scratch/pipe"
    pace=
    if tail --version >/dev/null 2>&1; then pace='-s0.1'; fi
    tail ${pace:+"$pace"} -n "+$((seen + 1))" -f "$run/events" >"$scratch/pipe" 2>/dev/null &
    tailing=$!
    { flock -s 8; kill "$tailing"; } 8<"$run/alive" >/dev/null 2>&1 &
    waiting=$!
    while IFS= read -r line; do
      printf '%s\n' "$line" 2>/dev/null || { kill "$tailing" "$waiting" 2>/dev/null; exit 1; }
      seen=$((seen + 1))
    done <"$scratch/pipe"
    wait
  fi
  if [ -e "$run/events" ]; then tail -n "+$((seen + 1))" "$run/events"; fi
  if [ -e "$run/exit" ]; then
    cat "$run/exit"
    printf '.\n'
  else
    said=1
    answer 75 interrupted 'The server went away in the middle of the run'
  fi
  exit 0
}

# Ask the run to stop and to put things back. One that has not begun never will.
cancel() {
  if [ -e "$run/exit" ]; then return; fi
  if [ ! -e "$run/pid" ] && ! alive; then
    mkdir -p "$run" && : >>"$run/events" || answer 1 disk.full 'No room for a run'
    { field code 1; field class canceled; field step preflight; field message 'Canceled before it began'; } >"$run/exit.new"
    mv "$run/exit.new" "$run/exit"
    return
  fi
  : >"$run/canceled"
  if alive; then
    read -r pid <"$run/pid" && kill -TERM "$pid"
    return
  fi
  # The server went away in the middle: what the run changed is still to be put back.
  rm -rf "$scratch/plan" "$scratch/files"
  cp -R "$run/plan" "$scratch/plan" && cp -R "$run/files" "$scratch/files" && cp "$run/op" "$scratch/op" ||
    answer 1 internal 'The run has lost its plan'
  start
}

check() {
  printf 'berth 1 %s\n' "$from"
  if diagnose; then
    code=69
    field class "$class"
    field message "$message"
  else
    code=0
    field docker "$docker_version"
    field compose "${compose_version#v}"
  fi
  field code "$code"
  field step preflight
  field root "$([ "$(id -u)" = 0 ] && printf true || printf false)"
  field user "$(id -un)"
  field hostname "$(uname -n)"
  field kernel "$(uname -r)"
  field arch "$(architecture)"
  field os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
  field cpus "$(grep -c '^processor' /proc/cpuinfo)"
  field memory_mb "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
  field memory_free_mb "$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)"
  field disk_free_mb "$(free_mb "$(docker_root)")"
  field disk_mb "$(df -Pk "$(docker_root)" | awk 'NR == 2 { print int($2 / 1024) }')"
  field clock "$(date +%s)"
  printf '.\n'
  exit "$code"
}

logs() {
  value project '' && project=$value
  value service '' && service=$value
  value since '' && since=$value
  number tail 200 && lines=$value
  number timeout_seconds 60 && limit=$value
  value follow '' && follow=$value
  plain "$project" || answer 1 internal 'The app has no proper name'
  [ -z "$service" ] || plain "$service" || answer 1 internal 'The service has no proper name'
  case $since in *[!A-Za-z0-9:.+-]*) answer 1 internal 'The time is not one' ;; esac
  if ! command -v docker >/dev/null; then answer 69 docker.missing 'Docker is not installed'; fi
  set -- --no-color --timestamps "--tail=$lines"
  [ -z "$since" ] || set -- "$@" "--since=$since"
  [ -z "$follow" ] || set -- "$@" --follow
  [ -z "$service" ] || set -- "$@" "$service"
  printf 'berth 1 %s\n' "$from"
  said=1
  live=
  if sed -u '' </dev/null 2>/dev/null; then live=-u; fi
  { timeout "$limit" docker compose --project-name "$project" logs "$@" 2>"$scratch/complaint"; echo $? >"$scratch/status"; } |
    sed ${live:+"$live"} -e "s/^\([A-Za-z0-9._-]*\)-[0-9]* *| \([0-9TZ:.-]*\) \{0,1\}/e$tab\2${tab}log$tab$tab\1$tab/;t" \
      -e "s/^\([A-Za-z0-9._-]*\) *| \([0-9TZ:.-]*\) \{0,1\}/e$tab\2${tab}log$tab$tab\1$tab/;t" -e "s/^/e$tab-${tab}log$tab$tab$tab/"
  read -r status <"$scratch/status"
  if [ "$status" -ne 0 ] && ! { [ "$status" -eq 124 ] && [ -n "$follow" ]; }; then
    if diagnose; then answer 69 "$class" "$message"; fi
    answer 1 internal "$(tail -n 1 "$scratch/complaint")"
  fi
  field code 0
  printf '.\n'
  exit 0
}

architecture() {
  case $(uname -m) in
    x86_64) printf amd64 ;;
    aarch64) printf arm64 ;;
    armv*) printf arm ;;
    i?86) printf 386 ;;
    *) uname -m ;;
  esac
}

# --- the run ---

emit() {
  now
  printf 'e\t%s\t%s\t%s\t%s\t%.3000s\n' "$ms" "$1" "$step" "$2" "$3" >>"$run/events"
}

step() {
  step=$1
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  emit step '' "${2-}"
}

run() {
  run=$1 plan=$1/plan scratch=$1 base=${1%/runs/*} step=preflight
  child='' changed='' down='' rolled=false concluded='' failing='' previous=''
  printf '%s\n' "$$" >"$run/pid"
  set_clock
  trap 'if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi' TERM
  trap 'if [ -z "$concluded" ]; then give_up; fi' EXIT
  number timeout_seconds 900 && seconds=$value
  number wait_seconds 120 && wait_seconds=$value
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + seconds))
  value project '' && project=$value
  value app_id '' && app_id=$value
  plain "$project" || fail internal 'The app has no proper name'
  app=$base/apps/$project own=$base/apps/$project/.berth
  IFS= read -r op <"$run/op" || :
  case $op in deploy) deploy ;; remove) remove ;; esac
  fail internal 'The run has nothing to do'
}

# limited SECONDS COMMAND...: its status into $rc, 124 when time ran out. A TERM to this shell ends the command.
limited() {
  read -r up _ </proc/uptime
  left=$((deadline - ${up%.*}))
  if [ "$1" -lt "$left" ]; then left=$1; fi
  shift
  rc=124
  if [ "$left" -le 0 ]; then return; fi
  timeout -k 10 "$left" "$@" &
  child=$!
  wait "$child"
  rc=$?
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    rc=$?
  done
  child=
}

# compose SECONDS FOLDER PINNED ARGUMENT...: Compose on the files of a folder, addons in their order, the pins last
compose() {
  limit=$1 folder=$2 pinned=$3
  shift 3
  left=$#
  set -- "$@" -f "$folder/compose.yaml"
  for addon in "$folder"/addons/*.yaml; do
    if [ -f "$addon" ]; then set -- "$@" -f "$addon"; fi
  done
  if [ -f "$pinned" ]; then set -- "$@" -f "$pinned"; fi
  while [ "$left" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    left=$((left - 1))
  done
  limited "$limit" docker compose --project-name "$project" --project-directory "$folder" "$@"
}

# The same with its output told as it comes, and kept in out.
watched() {
  rm -f "$run/pipe"
  mkfifo "$run/pipe"
  sink <"$run/pipe" &
  sinking=$!
  compose "$@" >"$run/pipe" 2>&1
  wait "$sinking"
}

sink() {
  : >"$run/out"
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line" >>"$run/out"
    case $line in
      '') ;;
      *' Pulling' | *' Pulled') [ "$step" != pull ] || told "$line" ;;
      *'Pulling fs layer'* | *Waiting | *Downloading* | *'Download complete'* | *Extracting* | *'Pull complete'* | *'Verifying Checksum'*) ;;
      *) emit log '' "$line" ;;
    esac
  done
}

# ` web Pulled ` of Compose's plain progress
told() {
  line=${1# }
  emit image "${line%% *}" "${line##* }"
}

. /dev/null

deploy() {
  number release 0 && release=$value
  value pull always && policy=$value
  number pull_seconds 600 && pull_seconds=$value
  new=$app/releases/$release
  step preflight
  enough_disk
  claim
  unpack
  compose 30 "$new" '' config >"$run/config" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then
    ended
    if diagnose; then fail "$class" "$message"; fi
    fail compose.invalid "$(last_words)"
  fi
  read_config
  step pull
  pull
  pin
  step start
  : >"$run/changed"
  lay "$new" "$own/$release.pinned.yaml"
  bring_up
  step verify
  settle
  step record
  rm -f "$app/current.new"
  ln -s "releases/$release" "$app/current.new" && mv -f -T "$app/current.new" "$app/current" 2>/dev/null ||
    { rm -f "$app/current.new" && ln -sfn "releases/$release" "$app/current"; } || fail disk.full 'The release cannot be recorded'
  step prune
  prune
  succeed
}
