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
tab=$(printf '\t') escape=$(printf '\033')
label=com.docker.compose

# --- both halves ---

# line FILE: its one line, into $value; nothing when there is no such file or there are more lines
line() {
  value='' more=''
  if [ -f "$1" ]; then
    { IFS= read -r value || :; IFS= read -r more || [ -n "$more" ]; } <"$1" && value=
  fi
  return 0
}

# value NAME DEFAULT: a plan value, into $value
value() {
  line "$plan/$1"
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

# Where images and volumes are, as far as one can tell without asking Docker.
docker_root() { if [ -d /var/lib/docker ]; then printf /var/lib/docker; elif [ -d "$base" ]; then printf '%s' "$base"; else printf /; fi; }

# Why Docker cannot be used, into $class and $message; fails when it can.
diagnose() {
  class='' message=''
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
  line "$1/op" && op=$value
  line "$1/job" && job=$value
  line "$1/fence" && fence=$value
  line "$1/from" && from=$value
  case $from in '' | *[!0-9]*) from=0 ;; esac
  uid=$(id -u)
  if [ "$uid" = 0 ]; then base=${BERTH_HOME:-/var/lib/berth}; else base=${BERTH_HOME:-$HOME/.berth}; fi
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
  [ -d "$base/apps" ] || { mkdir -p "$base" && chmod 700 "$base" && mkdir -p "$base/runs" "$base/fences" "$base/apps"; } ||
    answer 1 disk.full "$base cannot be made"
  exec 7>>"$base/lock"
  flock -n 7 || timeout 20 flock 7 || answer 75 busy 'The server is starting another run'
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
  # In this order: a run writes its verdict before its lock is freed, so one that is not alive and has none is gone.
  if alive || [ -e "$run/exit" ]; then return; fi
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
  if [ -d "$run" ]; then rm -rf "$run/plan" "$run/files"; else mkdir "$run"; fi && mkdir "$run/plan" "$run/files" ||
    answer 1 disk.full 'No room for a run'
  set -- "$scratch/runner.sh" "$scratch/op" "$scratch/plan"
  if [ -d "$scratch/files" ]; then set -- "$@" "$scratch/files"; fi
  cp -R "$@" "$run/" && printf '%s\n' "$fence" >"$run/fence" || answer 1 disk.full 'No room for the release'
  printf '%s\n' "$job" >"$base/holder"
  if [ -e "$run/pid" ]; then rm -f "$run/pid"; fi
  : >>"$run/events"
  exec 8>>"$run/alive"
  flock 8
  # A scope keeps the run out of the reach of whatever ends the login session; where it cannot be had, setsid does.
  if [ "$uid" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    setsid sh -c 'systemd-run --quiet --scope --collect sh "$1/runner.sh" --run "$1"; [ -e "$1/pid" ] || exec sh "$1/runner.sh" --run "$1"' \
      sh "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  else
    setsid sh "$run/runner.sh" --run "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  fi
  exec 8>&- 9>&-
  started=1
}

# Tell everything from the offset on, as it happens, until the run's lock is free; then the verdict.
follow() {
  printf 'berth 1 %s\n' "$from"
  seen=$from
  if [ -n "${started-}" ] || { [ ! -e "$run/exit" ] && alive; }; then
    mkfifo "$scratch/pipe"
    pace=
    if tail --version >/dev/null 2>&1; then pace='-s0.1'; fi
    # Opened for both first, or a tail that is killed before it has opened the pipe would leave us waiting for ever.
    exec 6<>"$scratch/pipe"
    tail ${pace:+"$pace"} -n "+$((seen + 1))" -f "$run/events" >&6 2>/dev/null &
    tailing=$!
    exec 5<"$scratch/pipe" 6>&-
    { flock -s 8; kill "$tailing"; } 8<"$run/alive" 5<&- >/dev/null 2>&1 &
    waiting=$!
    while IFS= read -r line; do
      printf '%s\n' "$line" 2>/dev/null || { kill "$tailing" "$waiting" 2>/dev/null; exit 1; }
      seen=$((seen + 1))
    done <&5
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
  if alive; then
    : >"$run/canceled"
    if [ -e "$run/pid" ] && read -r pid <"$run/pid"; then kill -TERM "$pid"; fi
    return
  fi
  if [ -e "$run/exit" ]; then return; fi
  if [ ! -e "$run/pid" ]; then
    mkdir -p "$run" && : >>"$run/events" || answer 1 disk.full 'No room for a run'
    { field code 1; field class canceled; field step preflight; field message 'Canceled before it began'; } >"$run/exit.new"
    mv "$run/exit.new" "$run/exit"
    return
  fi
  # The server went away in the middle: what the run changed is still to be put back.
  : >"$run/canceled"
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
  field root "$([ "$uid" = 0 ] && printf true || printf false)"
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
    sed ${live:+"$live"} -e "s/^$escape\[2K//" -e "s/^\([A-Za-z0-9._-]*\)-[0-9]* *| \([0-9TZ:.-]*\) \{0,1\}/e$tab\2${tab}log$tab$tab\1$tab/;t" \
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
  child='' down='' rolled=false concluded='' failing='' previous=''
  umask 022 # Containers read these files as whoever they are; the folder above is closed to everybody else.
  trap 'if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi' TERM
  trap 'if [ -z "$concluded" ]; then give_up; fi' EXIT
  set_clock
  printf '%s\n' "$$" >"$run/pid"
  number timeout_seconds 900 && seconds=$value
  number wait_seconds 120 && wait_seconds=$value
  number settle_seconds 3 && settle_seconds=$value
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + seconds))
  value project '' && project=$value
  value app_id '' && app_id=$value
  plain "$project" || fail internal 'The app has no proper name'
  app=$base/apps/$project own=$base/apps/$project/.berth
  # A run that is started again after the server went away may have to put back what it changed then.
  if [ -f "$run/previous" ]; then IFS= read -r previous <"$run/previous" || :; fi
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
  [ -p "$run/pipe" ] || mkfifo "$run/pipe"
  sink <"$run/pipe" &
  sinking=$!
  compose "$@" >"$run/pipe" 2>&1
  wait "$sinking"
}

sink() {
  : >"$run/out"
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line" >>"$run/out"
    case $step/$line in
      */) ;;
      pull/*'Pulling fs layer'* | pull/*Waiting* | pull/*Downloading* | pull/*'Download complete'* | pull/*Extracting*) ;;
      pull/*'Pull complete'* | pull/*'Verifying Checksum'* | pull/*'Already exists'*) ;;
      pull/*' Pulling'* | pull/*' Pulled'*) told "$line" ;;
      *) emit log '' "${line# }" ;;
    esac
  done
}

# ` web Pulled ` of Compose's plain progress
told() {
  line=${1# }
  line=${line% }
  emit image "${line%% *}" "${line##* }"
}

deploy() {
  number release 0 && release=$value
  value pull always && policy=$value
  number pull_seconds 600 && pull_seconds=$value
  new=$app/releases/$release
  if [ -e "$run/recorded" ]; then record; fi
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
  look
  step pull
  pull
  pin
  step start
  now
  started=$((ms / 1000)).$(printf '%03d' $((ms % 1000)))
  : >"$run/changed"
  bring_up
  step verify
  settle
  step record
  record
}

# Recorded is recorded: from here on it cannot be canceled any more, and when the server goes away now, the run that is
# started again only goes on from here. The release was healthy; to do it over could make of that a failure.
record() {
  trap ':' TERM
  : >"$run/recorded" || fail disk.full 'The release cannot be recorded'
  rm -f "$app/current.new"
  ln -s "releases/$release" "$app/current.new" && mv -f -T "$app/current.new" "$app/current" 2>/dev/null ||
    { rm -f "$app/current.new" && ln -sfn "releases/$release" "$app/current"; } || fail disk.full 'The release cannot be recorded'
  step=prune
  emit step '' ''
  prune
  succeed
}

remove() {
  value volumes keep && volumes=$value
  # Half a removal is no state to stay in: once begun it goes on to its end, also after the server went away.
  if [ -e "$run/removing" ]; then rm -f "$run/canceled"; fi
  step remove
  if [ -f "$own/owner" ]; then owned; fi
  trap ':' TERM
  : >"$run/removing"
  if [ -f "$app/compose.yaml" ]; then
    set -- down --remove-orphans
    if [ "$volumes" = delete ]; then set -- "$@" --volumes; fi
    watched 300 "$app" "$own/pinned.yaml" "$@"
    if [ "$rc" -ne 0 ]; then
      ended
      if diagnose; then fail "$class" "$message"; fi
      fail internal "$(last_words)"
    fi
    unlay "$run/files"
  fi
  rm -rf "$app/releases" "$app/current" "$own"
  # What is left are folders that the app's containers wrote to.
  if [ "$volumes" = delete ]; then rm -rf "$app"; elif [ -d "$app" ]; then rmdir "$app" 2>/dev/null; fi
  succeed
}

owned() {
  IFS= read -r owner <"$own/owner"
  [ "$owner" = "$app_id" ] || fail conflict "The folder $app belongs to another app"
}

enough_disk() {
  number min_free_mb 200 && wanted=$value
  root=$(docker_root)
  df -Pk "$root" "$base" 2>/dev/null | awk 'NR > 1 { print int($4 / 1024) }' >"$run/free"
  place=$root
  while read -r free; do
    [ "$free" -ge "$wanted" ] || fail disk.full "$free MB are free on $place and $wanted MB are needed"
    place=$base
  done <"$run/free"
}

# The app's folder is this app's, and the release that would serve again after a failure is known.
claim() {
  case $app_id in '' | *[!A-Za-z0-9._/-]*) fail internal 'The owner has no proper name' ;; esac
  case $release in '' | 0 | *[!0-9]*) fail internal 'The release has no number' ;; esac
  command -v docker >/dev/null || fail docker.missing 'Docker is not installed'
  if [ -f "$own/owner" ]; then
    owned
  else
    if [ -e "$run/changed" ]; then
      strangers=
    elif ! strangers=$(timeout 20 docker ps -aq --filter "label=$label.project=$project" 2>/dev/null); then
      if diagnose; then fail "$class" "$message"; fi
      fail docker.down 'Docker did not answer'
    fi
    if [ -n "$strangers" ]; then
      fail conflict "Containers of a project called $project are here already, and Berth did not start them"
    fi
    mkdir -p "$own" "$app/releases" && printf '%s\n' "$app_id" >"$own/owner" || fail disk.full "$app cannot be made"
  fi
  if [ -f "$run/previous" ]; then
    IFS= read -r previous <"$run/previous" || :
    return
  fi
  previous=$(readlink "$app/current") || previous=
  if [ "$previous" = "releases/$release" ] && [ -d "$new" ]; then
    previous=.berth/before
    rm -rf "$own/before" && cp -R "$new" "$own/before" && cp "$own/$release.pinned.yaml" "$own/before.pinned.yaml" ||
      fail disk.full 'The running release cannot be kept aside'
  fi
  printf '%s\n' "$previous" >"$run/previous"
}

unpack() {
  if [ -e "$new.new" ] || [ -e "$new.old" ]; then rm -rf "$new.new" "$new.old"; fi
  mkdir -p "$new.new" || fail disk.full "$new cannot be made"
  for entry in "$run/files/"*.path; do
    [ -f "$entry" ] || fail compose.invalid 'The release has no files'
    path=$(cat "$entry" && printf x) && path=${path%x}
    case /$path/ in
      *//* | */./* | */../* | /releases/* | /current/* | /.berth/*) fail compose.invalid 'A file of the release is outside it' ;;
    esac
    case $path in */*) mkdir -p "$new.new/${path%/*}" || fail disk.full 'No room for the release' ;; esac
    cat "${entry%.path}.content" >"$new.new/$path" || fail disk.full 'No room for the release'
    if [ -f "${entry%.path}.executable" ]; then chmod +x "$new.new/$path"; fi
  done
  [ -f "$new.new/compose.yaml" ] || fail compose.invalid 'The release has no compose.yaml'
  if [ -f "$new.new/.env" ]; then chmod 600 "$new.new/.env"; fi
  if [ -e "$new" ]; then mv "$new" "$new.old"; else : >"$run/fresh"; fi
  mv "$new.new" "$new" || fail disk.full 'No room for the release'
  if [ -e "$new.old" ]; then rm -rf "$new.old"; fi
}

# What Compose made of the files, in its own canonical form: services (name, image) and binds (service, source).
read_config() {
  : >"$run/binds"
  : >"$run/wanted"
  awk -v tab="$tab" -v binds="$run/binds" -v wanted="$run/wanted" '
    /^[^ ]/ { top = $1 }
    top != "services:" { next }
    /^  [^ ]/ { name = $1; sub(/:$/, "", name); gsub(/["\047]/, "", name); names[++count] = name }
    /^    image: / { image[name] = $2; gsub(/["\047]/, "", image[name]) }
    /^        source: / { print name tab substr($0, 17) >binds }
    END {
      for (i = 1; i <= count; i++) {
        name = names[i]
        print name tab (name in image ? image[name] : "-")
        if (!seen[image[name]]++) print image[name] >wanted
      }
    }
  ' "$run/config" >"$run/services"
  : >"$run/config" # it has the app's secrets
  while IFS=$tab read -r name image _; do
    [ "$image" != - ] || fail compose.invalid "The service $name has no image; build it, push it and name it" "$name"
  done <"$run/services"
  [ -s "$run/wanted" ] || fail compose.invalid 'There is no service to run'
}

# The wanted images as the server has them, into found: id, platform, digests. Not 0 in $rc when one is missing.
inspect() {
  set --
  while IFS= read -r image; do set -- "$@" "$image"; done <"$run/wanted"
  limited 120 docker image inspect --format '{{.Id}} {{.Os}}/{{.Architecture}} {{range .RepoDigests}}{{.}},{{end}}' "$@" \
    >"$run/found" 2>"$run/out"
  read -r up _ </proc/uptime
  if [ "$rc" -eq 124 ] && [ "${up%.*}" -lt "$deadline" ]; then fail docker.down 'Docker does not answer'; fi
}

# Which images are here already; and whether Docker answers at all.
look() {
  inspect
  lacking=$rc
  if [ "$lacking" -eq 0 ]; then return; fi
  ended
  if ! grep -qi 'no such' "$run/out" && diagnose; then fail "$class" "$message"; fi
  sed -n 's/.*[Nn]o such image: //p' "$run/out" >"$run/lacking"
}

# Everything is here before anything is stopped. A tag may have moved, so the registry is asked, unless told not to; a
# digest cannot.
pull() {
  set --
  while IFS=$tab read -r name image _; do
    case $lacking$policy$image in
      0always*@sha256:* | 0missing*) emit image "$name" "$image is here" ;;
      *) set -- "$@" "$name" ;;
    esac
  done <"$run/services"
  if [ $# -gt 0 ]; then
    watched "$pull_seconds" "$new" '' pull "$@"
    if [ "$rc" -ne 0 ]; then
      ended
      not_pulled
    fi
    inspect
    ended
    [ "$rc" -eq 0 ] || fail image.not_found "$(last_words)"
  fi
  here=$(architecture)
  while read -r id platform _; do
    case $here/${platform#linux/} in
      "$here/$here" | arm64/arm | amd64/386) ;;
      *)
        [ -e "/proc/sys/fs/binfmt_misc/qemu-$(emulated "${platform#*/}")" ] ||
          fail arch.mismatch "An image is made for $platform and this server is linux/$here"
        ;;
    esac
  done <"$run/found"
}

emulated() { case $1 in amd64) printf x86_64 ;; arm64) printf aarch64 ;; *) printf '%s' "$1" ;; esac }

not_pulled() {
  words=$(last_words)
  case $(cat "$run/out") in
    *'no matching manifest'*) fail arch.mismatch "$words" ;;
    *'no space left on device'*) fail disk.full "$words" ;;
    *'manifest unknown'* | *'manifest for '*' not found'* | *'not found: manifest'* | *'name unknown'*) fail image.not_found "$words" ;;
    *' denied'* | *unauthorized* | *'authentication required'* | *'no basic auth'*) fail registry.denied "$words" ;;
    *'invalid reference format'*) fail compose.invalid "$words" ;;
    *': not found'*) fail image.not_found "$words" ;;
  esac
  # Compose says of every other service that it cannot connect to Docker when one cannot be pulled: only Docker knows.
  if diagnose; then fail "$class" "$message"; fi
  fail registry.unavailable "$words"
}

# Name every image by its digest, so that a tag that moves later changes neither what runs nor what a failure goes back
# to; and mark a service with its mounted files, so that a changed file gives it a new container.
pin() {
  paste -d ' ' "$run/wanted" "$run/found" >"$run/pins"
  : >"$own/$release.images"
  {
    printf 'services:\n'
    while IFS=$tab read -r name image _; do
      plain "$name" || continue
      chosen=$(awk -v image="$image" '
        $1 == image {
          repository = image
          sub(/@.*/, "", repository)
          sub(/:[^:\/]*$/, "", repository)
          sub(/^docker\.io\//, "", repository)
          sub(/^library\//, "", repository)
          count = split($4, digests, ",")
          chosen = digests[1]
          for (i = 1; i <= count; i++) if (index(digests[i], repository "@") == 1) chosen = digests[i]
          print $2, chosen
          exit
        }' "$run/pins")
      id=${chosen%% *} digest=${chosen#* }
      printf '%s\n' "$id" >>"$own/$release.images"
      if [ -s "$run/lacking" ] && grep -Fxq -e "$image" -e "$image:latest" "$run/lacking"; then printf '%s\n' "$id" >>"$own/pulled"; fi
      printf '  "%s":\n' "$name"
      if [ -n "$digest" ]; then printf '    image: "%s"\n' "$digest"; fi
      printf '    labels:\n      berth.app: "%s"\n' "$app_id"
      mounted=$(mounts "$name")
      if [ -n "$mounted" ]; then printf '      berth.files: "%s"\n' "$mounted"; fi
    done <"$run/services"
  } >"$own/$release.pinned.yaml" || fail disk.full 'The release cannot be recorded'
}

# A hash of the release's own files that a service mounts; nothing when it mounts none.
mounts() {
  if [ ! -s "$run/binds" ]; then return; fi
  while IFS=$tab read -r owner_of source; do
    if [ "$owner_of" != "$1" ]; then continue; fi
    case $source in
      "$new/"*) if [ -e "$source" ]; then (cd "$new" && find "./${source#"$new/"}" -type f -exec cksum {} +); fi ;;
    esac
  done <"$run/binds" | sort | cksum | sed -n '/^4294967295 0$/d;s/ /-/;p'
}

# Put a release's files into the app's folder and take out those that only the one before had. Files that did not change
# are not touched.
lay() {
  unlay "$1"
  printf '%s\n' "${1#"$app/"}" >"$own/laid" && cp "$2" "$own/pinned.yaml" || return 1
  (cd "$1" && find . -type f -exec sh -c '
    app=$1
    shift
    for file do
      cmp -s "$file" "$app/$file" && continue
      case $file in ./*/*) mkdir -p "$app/${file%/*}" || exit 1 ;; esac
      if [ -d "$app/$file" ]; then rmdir "$app/$file" || exit 1; fi
      rm -f "$app/$file" && cp -p "$file" "$app/$file" || exit 1
    done' sh "$app" {} +)
}

unlay() {
  laid=
  if [ -f "$own/laid" ]; then IFS= read -r laid <"$own/laid"; fi
  if [ -z "$laid" ] || [ ! -d "$app/$laid" ]; then return; fi
  (cd "$app/$laid" && find . -type f -exec sh -c '
    app=$1 next=$2
    shift 2
    for file do
      [ -e "$next/$file" ] || rm -f "$app/$file"
    done' sh "$app" "$1" {} +)
}

# Compose's own --wait looks twice a second, takes a service that ended well for a failure, and waits for ever for one
# that ends again and again; so the waiting is done by survey.
up() { watched "$wait_seconds" "$app" "$own/pinned.yaml" up --detach --remove-orphans --no-build --pull never; }

bring_up() {
  lay "$new" "$own/$release.pinned.yaml" || fail disk.full 'The files of the release cannot be put in place'
  for _ in 1 2 3; do
    up
    if [ "$rc" -eq 0 ]; then return; fi
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    in_time
    words=$(last_words)
    survey
    case $words in
      *'port is already allocated'* | *'address already in use'*) fail port.taken "$words" "$unborn" ;;
      *'no space left on device'*) fail disk.full "$words" ;;
    esac
    case $bad/$rc/$words in
      docker.down/*) await_docker || fail docker.down 'Docker stopped answering' ;;
      # The second is what Docker says of a start that it slept through itself: the container is made and only has to be started.
      */*/*'Cannot connect to the Docker daemon'* | */*/*'Error response from daemon'*'context deadline exceeded'*) sleep 1 ;;
      *)
        blame
        if [ "$rc" -ne 124 ]; then fail start.failed "$words" "$unborn"; fi
        # Time ran out: the waiting may go on, but not for what was never made.
        if [ -z "$(absent)" ]; then return; fi
        ;;
    esac
  done
  who=$(absent)
  if [ -n "$who" ]; then fail start.failed "$who was not made" "$who"; fi
  fail docker.down "$words"
}

# A service that has no container
absent() { awk -F "$tab" 'FILENAME == ARGV[1] { made[$2]; next } !($1 in made) { print $1; exit }' "$run/ps" "$run/services"; }

in_time() {
  read -r up _ </proc/uptime
  if [ "${up%.*}" -ge "$deadline" ]; then fail timeout "The run took longer than $seconds seconds" "${1-}"; fi
}

# Docker hangs, or is being restarted, while containers are replaced. It is waited for and what was changed stays: what is silent cannot
# put anything back either, and once it answers it goes on where it was. Giving up at once would make every container three times.
await_docker() {
  number docker_seconds 300 && patience=$value
  emit log '' 'Docker does not answer; waiting for it'
  read -r up _ </proc/uptime
  patience=$((${up%.*} + patience))
  if [ "$patience" -gt "$deadline" ]; then patience=$deadline; fi
  until timeout 20 docker version >/dev/null 2>&1; do
    if [ -z "$concluded" ] && [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    read -r up _ </proc/uptime
    if [ "${up%.*}" -ge "$patience" ]; then return 1; fi
    sleep 1
  done
  emit log '' 'Docker answers again'
}

# Fail for the container that the survey found to be at fault, if it did.
blame() {
  if [ -z "$bad" ]; then return; fi
  if [ "$bad" = unhealthy ]; then
    said=$(timeout 10 docker inspect --format '{{range .State.Health.Log}}{{println .Output}}{{end}}' "$failing" 2>/dev/null | sed '/^[[:space:]]*$/d' | tail -n 1)
    why="$why${said:+: $said}"
  fi
  fail "$bad" "$why" "$who"
}

# How the containers are, into: $bad $why $who $failing for the first that failed, $pending, $young (no health check and
# started moments ago), $unborn (created only), $living (how many run).
survey() {
  bad='' why='' who='' failing='' pending='' young='' unborn='' living=0
  timeout 30 docker ps -a --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" \
    --format "{{.ID}}$tab{{.Label \"$label.service\"}}$tab{{.State}}$tab{{.Status}}" >"$run/ps" 2>"$run/out" ||
    { bad=docker.down why='Docker stopped answering'; return 0; }
  while IFS=$tab read -r id name state status; do
    case $state/$status in
      running/*'(unhealthy)'*) is_bad unhealthy "$name is not healthy" ;;
      running/*'(health: starting)'*) pending=$name living=$((living + 1)) ;;
      running/*'(healthy)'*) living=$((living + 1)) ;;
      running/*)
        living=$((living + 1))
        age=${status#Up } && age=${age%% *}
        case $age in Less) young=$name ;; [0-9]) [ "$age" -ge "$settle_seconds" ] || young=$name ;; esac
        ;;
      restarting/*)
        pending=$name
        # Docker waits twice as long each time: after six of them about as many seconds have gone.
        times=$(timeout 10 docker inspect --format '{{.RestartCount}}' "$id" 2>/dev/null)
        if [ "${times:-0}" -ge 6 ]; then is_bad start.failed "$name keeps ending and being started again"; fi
        ;;
      exited/'Exited (0)'*) ;;
      exited/*) status=${status#*\(} && is_bad start.failed "$name ended with status ${status%%\)*}" ;;
      dead/*) is_bad start.failed "$name is dead" ;;
      created/*) pending=$name unborn=$name ;;
    esac
  done <"$run/ps"
}

is_bad() {
  if [ -n "$bad" ]; then return; fi
  bad=$1 why=$2 who=$name failing=$id
}

# The release is good when every health check says so, what has none has run for a settling time, and what has ended
# ended well.
settle() {
  read -r up _ </proc/uptime
  until=$((${up%.*} + wait_seconds))
  while :; do
    survey
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    if [ "$bad" = docker.down ]; then
      await_docker || fail docker.down "$why"
      in_time
      # No health was looked after meanwhile.
      read -r up _ </proc/uptime
      until=$((${up%.*} + wait_seconds))
      continue
    fi
    blame
    if [ -z "$pending$young" ]; then break; fi
    in_time "${pending:-$young}"
    if [ "${up%.*}" -ge "$until" ]; then
      who=${pending:-$young}
      failing=$(awk -F "$tab" -v name="$who" '$2 == name { print $1; exit }' "$run/ps")
      if [ -n "$pending" ]; then fail unhealthy "$who is not healthy after $wait_seconds seconds" "$who"; fi
      fail start.failed "$who keeps ending and being started again" "$who"
    fi
    breathe
  done
  [ "$living" -gt 0 ] || fail start.failed 'Every container has ended'
  while IFS=$tab read -r id name state status; do emit health "$name" "$status"; done <"$run/ps"
}

# Between two looks: a quarter of a second, where sleep knows of parts.
breathe() { sleep 0.25 2>/dev/null || sleep 1; }

# The last releases stay, to go back to. An image goes with its release when Berth pulled it and no kept release of any
# app names it; Docker itself refuses while a container uses it.
prune() {
  number keep 5 && keep=$value
  set -- "$app"/releases/*
  if [ $# -le "$keep" ]; then return; fi
  old=$(for folder in "$app"/releases/*; do printf '%s\n' "${folder##*/}"; done | grep -x '[0-9][0-9]*' | sort -n | awk -v keep="$keep" -v live="$release" -v was="${previous#releases/}" '
    { all[NR] = $1 }
    END { for (i = 1; i <= NR - keep; i++) if (all[i] != live && all[i] != was) print all[i] }')
  if [ -z "$old" ]; then return; fi
  : >"$run/stale"
  printf '%s\n' "$old" | while IFS= read -r number; do
    cat "$own/$number.images" >>"$run/stale" 2>/dev/null
    rm -rf "$app/releases/$number" "$own/$number.images" "$own/$number.pinned.yaml"
  done
  if [ ! -s "$own/pulled" ]; then return; fi
  cat "$base"/apps/*/.berth/*.images >"$run/kept"
  set --
  sort -u "$run/stale" | grep -Fxf "$own/pulled" | grep -Fxvf "$run/kept" >"$run/wanted"
  while IFS= read -r image; do set -- "$@" "$image"; done <"$run/wanted"
  if [ $# -gt 0 ]; then limited 60 docker image rm "$@" >"$run/out" 2>&1; fi
}

# --- how a run ends ---

# After a command that failed: because it was canceled, or because time ran out?
ended() {
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  if [ "$rc" -eq 124 ]; then fail timeout "The step $step took too long"; fi
}

last_words() {
  grep -v '^[[:space:]]*$' "$run/out" | awk '/[Ee]rror|unhealthy|exited \(/ { found = $0 } { last = $0 } END { print (found != "" ? found : last) }' | sed 's/^[[:space:]]*//'
}

# fail CLASS MESSAGE [SERVICE]: put things back if they were changed, and conclude
fail() {
  if [ -n "$concluded" ]; then exit 1; fi
  concluded=failing failed=$1 reason=$2 at=$step service=${3-}
  trap ':' TERM
  emit log "$service" "$reason"
  if [ -e "$run/changed" ]; then
    if [ -z "$failing" ] && [ -n "$service" ]; then
      failing=$(timeout 20 docker ps -aq --filter "label=$label.project=$project" --filter "label=$label.service=$service" | head -n 1)
    fi
    if [ -n "$failing" ]; then timeout 20 docker logs --tail 40 "$failing" >"$run/tail" 2>&1; fi
    restore
  fi
  put_back
  clear_away
  conclude 1
}

# A release that was never started leaves nothing, on a full disk not its images either. One that was is kept for a while like the others.
clear_away() {
  if [ -e "$run/changed" ] || [ "$op" != deploy ] || [ -z "${new-}" ]; then return; fi
  rm -rf "$new.new"
  if [ ! -e "$run/fresh" ]; then return; fi
  rm -rf "$new" "$own/$release.images" "$own/$release.pinned.yaml"
  if [ "$failed" != disk.full ] || [ ! -s "$run/lacking" ]; then return; fi
  set --
  while IFS= read -r image; do set -- "$@" "$image"; done <"$run/lacking"
  deadline=$((deadline + 60))
  limited 60 docker image rm "$@" >"$run/out" 2>&1
}

# The previous release serves again, from its own files and images; nothing is pulled and no volume is touched. A first
# release is taken down.
restore() {
  step=restore
  emit step '' "${previous:-none}"
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + wait_seconds + 120))
  if [ -z "$previous" ]; then
    watched 120 "$app" "$own/pinned.yaml" down --remove-orphans
    return
  fi
  pinned=$own/${previous##*/}.pinned.yaml
  if lay "$app/$previous" "$pinned"; then
    up
    words=$(last_words)
    if [ "$rc" -ne 0 ]; then
      survey
      if [ "$bad" = docker.down ] && await_docker; then
        up
        words=$(last_words)
      fi
    fi
    if [ "$rc" -eq 0 ] && recovered; then rolled=true; fi
    measure
  fi
  if [ "$rolled" = false ]; then emit log '' "The previous release could not be started again: $words"; fi
}

# Whether everything is healthy again, or at least runs.
recovered() {
  settle_seconds=0
  while :; do
    survey
    if [ "$bad" = docker.down ] && await_docker; then continue; fi
    if [ -n "$bad" ]; then
      words=$why
      return 1
    fi
    if [ -z "$pending" ]; then return 0; fi
    read -r up _ </proc/uptime
    if [ "${up%.*}" -ge "$deadline" ]; then return 1; fi
    breathe
  done
}

# From the end of the first container that was there before, until now.
measure() {
  now
  first=$(timeout 10 docker events --since "$started" --until "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))" \
    --filter "label=$label.project=$project" --filter type=container --filter event=create --filter event=die \
    --format '{{.TimeNano}} {{.Action}} {{.Actor.ID}}' | awk '$2 == "create" { made[$3] } $2 == "die" && !($3 in made) { print substr($1, 1, length($1) - 6); exit }')
  if [ -n "$first" ]; then down=$((ms - first)); fi
}

# A release that was deployed over itself is what it was.
put_back() {
  if [ "$previous" != .berth/before ] || [ ! -d "$own/before" ]; then return; fi
  rm -rf "$new" && mv "$own/before" "$new" && mv "$own/before.pinned.yaml" "$own/$release.pinned.yaml"
  if [ -f "$own/laid" ]; then printf 'releases/%s\n' "$release" >"$own/laid"; fi
}

give_up() {
  printf '%s\n' "The runner stopped in the step $step" >>"$run/trace"
  fail internal "$(tail -n 1 "$run/trace")"
}

succeed() {
  concluded=succeeded at=$step
  if [ -e "$own/before" ]; then rm -rf "$own/before" "$own/before.pinned.yaml"; fi
  conclude 0
}

conclude() {
  {
    field code "$1"
    field step "$at"
    if [ -e "$run/changed" ]; then field changed true; fi
    if [ "$1" -ne 0 ]; then
      field class "$failed"
      field message "$reason"
      field rolledBack "$rolled"
      if [ -n "$service" ]; then field service "$service"; fi
      if [ -n "$down" ]; then field downMs "$down"; fi
      if [ -f "$run/tail" ]; then while IFS= read -r line || [ -n "$line" ]; do field log "$line"; done <"$run/tail"; fi
    fi
  } >"$run/exit.new"
  mv "$run/exit.new" "$run/exit"
  # The verdict is there and nothing is changed any more: who follows hears it while this tidies up.
  exec 8>&- 9>&-
  # The values in the plan and the files have been used; the release has its own copy.
  rm -rf "$run/plan" "$run/files" "$run/pipe" "$run/out" "$run/ps" "$run/tail" "$run/pins" "$run/found" "$run/wanted" \
    "$run/services" "$run/binds" "$run/lacking" "$run/stale" "$run/kept" "$run/config" "$run/free" "$run/recorded"
  find "$base/runs" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
  exit "$1"
}

case $1 in
  --run) run "$2" ;;
  *) front "$1" ;;
esac
