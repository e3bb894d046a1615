# Talks to the caller: request, fence, lock, and following a run. Sets $run, $fence, $job, $secret.

# answer CODE CLASS MESSAGE [KEY VALUE]: ends with a verdict, without a run
answer() {
  [ -n "${said-}" ] || printf 'berth 1 %s\n' "$from"
  field code "$1"
  field class "$2"
  field step preflight
  printf '%s\n' "$3" | while IFS= read -r line; do field message "$line"; done
  if [ $# -ge 5 ]; then field "$4" "$5"; fi
  case $2 in docker.denied | sudo.password) field user "$(id -un)" ;; esac # whom its remedy is about
  printf '.\n'
  exit "$1"
}

# unwritten_here MESSAGE: fails because a file of ours could not be written; the reason is in the file why
unwritten_here() {
  unwritable "$(tail -n 1 "$scratch/why" 2>/dev/null)" "$1"
  answer 1 "$class" "$message"
}

# front FOLDER [3|again]: what may never be in a file is to be read from descriptor 3, which root opens again.
front() {
  scratch=$1 values=$1/values from=0 op='' job='' fence='' secret=''
  trap 'rm -rf "$scratch"' EXIT
  trap '' PIPE
  line "$1/op" && op=$value
  line "$1/job" && job=$value
  line "$1/fence" && fence=$value
  line "$1/from" && from=$value
  case $from in '' | *[!0-9]*) from=0 ;; esac
  settle_user "$@"
  if [ -n "${2-}" ]; then
    if [ "$2" = again ]; then exec 3<"$scratch/s"; fi
    IFS= read -r secret <&3 || answer 1 internal 'The request has lost its logins'
    exec 3<&-
  fi
  case $op in
    check) check ;;
    plan) report ;;
    inspect) containers ;;
    login) login ;;
    save) save ;;
    logs) logs ;;
    deploy | remove | prepare | cancel) mutate ;;
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
  [ -d "$base/state" ] || { mkdir -p "$base" && chmod 700 "$base" && mkdir -p "$base/runs" "$base/fences" "$base/apps" "$base/state"; } 2>"$scratch/why" ||
    unwritten_here "$base cannot be made"
  { true >>"$base/lock"; } 2>"$scratch/why" || unwritten_here "$base cannot be written"
  exec 7>>"$base/lock"
  flock -n 7 || timeout 20 flock 7 || answer 75 busy 'The server is starting another run'
  guard
  run=$base/runs/$job
  if [ "$op" = cancel ]; then cancel; else begin; fi
  exec 7>&-
  follow
}

# A lower fence than one seen before belongs to a caller that has been replaced.
guard() {
  stored=0
  if [ -f "$base/fences/$resource" ]; then read -r stored <"$base/fences/$resource"; fi
  [ "$fence" -ge "$stored" ] || answer 76 fence "A caller with the higher fence $stored has been here" stored "$stored"
  [ "$fence" -eq "$stored" ] && return
  { printf '%s\n' "$fence" >"$base/fences/$resource.new" && mv "$base/fences/$resource.new" "$base/fences/$resource"; } 2>"$scratch/why" ||
    unwritten_here 'The fence cannot be stored'
}

alive() { [ -e "$run/alive" ] && ! flock -n -s "$run/alive" true; }

# Starts the run, unless it has ended (it is replayed) or is running (it is attached to). A run that died with the server is started again
# by a caller with a higher fence: every step is idempotent.
begin() {
  # In this order: a run writes its verdict before it frees its lock, so a run that is not alive and has no verdict is dead.
  if alive || [ -e "$run/exit" ]; then return; fi
  if [ -e "$run/pid" ]; then
    read -r begun <"$run/fence"
    [ "$fence" -gt "$begun" ] || return
    value=
  else
    value ask ''
    [ -n "$value" ] || [ "$op" != deploy ] || answer 1 plan.failed 'A deployment does not begin without a plan'
  fi
  if [ -n "$value" ] || [ -f "$values/archives" ] || [ -f "$values/mounted" ]; then
    prepare
    if [ -e "$run/exit" ]; then return; fi # it was canceled meanwhile
  fi
  start
}

# No other run is going on, and none can begin while this process or the run it starts lives.
take_turn() {
  exec 9>>"$base/mutation"
  if flock -n 9; then
    turn=1
    return
  fi
  holder=
  read -r holder <"$base/holder" || :
  answer 75 busy "The run $holder is going on" holder "$holder"
}

start() {
  [ -n "${turn-}" ] || take_turn
  { if [ -d "$run" ]; then rm -rf "$run/values" "$run/files"; else mkdir "$run"; fi && mkdir "$run/values" "$run/files"; } 2>"$scratch/why" ||
    unwritten_here 'The run cannot be stored'
  forget_logins
  if [ -n "$secret" ]; then keep_logins 2>"$scratch/why" || { forget_logins && unwritten_here 'The logins cannot be stored'; }; fi
  set -- "$scratch/op" "$scratch/values"
  # What another runner began and kept no operations for, that runner ends.
  if [ ! -e "$run/pid" ] || [ -f "$run/operations" ]; then set -- "$scratch/runner.sh" "$@"; fi
  if [ -d "$scratch/files" ]; then set -- "$@" "$scratch/files"; fi
  { keep_plan && keep_carried && cp -R "$@" "$run/" && printf '%s\n' "$fence" >"$run/fence"; } 2>"$scratch/why" || unwritten_here 'The release cannot be stored'
  printf '%s\n' "$job" >"$base/holder"
  if [ -e "$run/pid" ]; then rm -f "$run/pid"; fi
  : >>"$run/events"
  exec 8>>"$run/alive"
  flock 8
  # A systemd scope lets the run outlive the login session; without systemd, setsid does.
  if [ "$uid" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    setsid sh -c 'systemd-run --quiet --scope --collect sh "$1/runner.sh" --run "$1"; [ -e "$1/pid" ] || exec sh "$1/runner.sh" --run "$1"' \
      sh "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  else
    setsid sh "$run/runner.sh" --run "$run" 7>&- </dev/null >>"$run/trace" 2>&1 &
  fi
  exec 8>&- 9>&-
  started=1
}

# Sends all events from the offset on as they happen, until the lock of the run is free; then the verdict.
follow() {
  printf 'berth 1 %s\n' "$from"
  seen=$from
  if [ -n "${started-}" ] || { [ ! -e "$run/exit" ] && alive; }; then
    mkfifo "$scratch/pipe"
    # Opened for reading and writing: if tail were killed before it opened the pipe, we would block for ever.
    exec 6<>"$scratch/pipe"
    if tail --version >/dev/null 2>&1; then
      tail -s0.1 -n "+$((seen + 1))" -f "$run/events" >&6 2>/dev/null &
    else
      read_on >&6 2>/dev/null &
    fi
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

# Like `tail -f` from the offset on: that of BusyBox polls once a second, so steps would be seen late.
read_on() {
  part='' count=0
  exec 4<"$run/events" 6>&-
  while :; do
    while IFS= read -r line <&4; do
      count=$((count + 1))
      if [ "$count" -gt "$seen" ]; then printf '%s\n' "$part$line" || exit; fi
      part=
    done
    # The beginning of a line that is still being written.
    part=$part$line
    breathe 0.1 >/dev/null
  done
}

# Asks the run to stop and restore. A run that has not begun never will.
cancel() {
  if alive; then
    : >"$run/canceled"
    if [ -e "$run/pid" ] && read -r pid <"$run/pid"; then kill -TERM "$pid"; fi
    return
  fi
  if [ -e "$run/exit" ]; then return; fi
  if [ ! -e "$run/pid" ]; then
    { mkdir -p "$run" && true >>"$run/events"; } 2>"$scratch/why" || unwritten_here 'The run cannot be stored'
    { field code 1; field class canceled; field step preflight; field message 'Canceled before it began'; } >"$run/exit.new"
    mv "$run/exit.new" "$run/exit"
    return
  fi
  # The server went down during the run: its changes still have to be undone.
  : >"$run/canceled"
  rm -rf "$scratch/values" "$scratch/files"
  cp -R "$run/values" "$scratch/values" && cp -R "$run/files" "$scratch/files" && cp "$run/op" "$scratch/op" ||
    answer 1 internal 'The run has lost its values'
  start
}
