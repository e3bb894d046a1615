# Checks whether the containers are healthy. Sets $bad, $why, $who, $failing, $pending, $young, $unborn, $living; writes ps.

# blame [WORDS]: fails for the container that the survey found at fault, if any
blame() {
  if [ -z "$bad" ]; then return; fi
  if [ "$bad" = unhealthy ]; then health_said; fi
  fail "$bad" "$(printf '%s\n%s' "${1-}" "$why")" "$who"
}

# The state of the containers: $bad $why $who $failing for the first that failed, $pending, $young (no health check and just started),
# $unborn (only created), $living (how many run).
survey() {
  bad='' why='' who='' failing='' pending='' young='' unborn='' living=0
  timeout 30 docker ps -a --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" \
    --format "{{.ID}}$tab{{.Label \"$label.service\"}}$tab{{.State}}$tab{{.Status}}" >"$run/ps" 2>"$run/out" ||
    { bad=docker.down why='Docker stopped answering'; return 0; }
  of_release
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
        # Docker doubles the delay with each restart: after six, about as many seconds have passed.
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

# Compose keeps the containers of a service whose profile is no longer enabled: they do not belong to this release and do not count. Of a wait for some
# services, $only has their names.
of_release() {
  awk -F "$tab" -v only="$only" '
    FILENAME == ARGV[1] { if (match($0, /^  ".*":$/)) mine[substr($0, 4, length($0) - 5)]; next }
    ($2 in mine) && (only == "" || index(only, " " $2 " "))' "$own/${laid##*/}.pinned.yaml" "$run/ps" >"$run/ps.new" && mv "$run/ps.new" "$run/ps"
}

is_bad() {
  if [ -n "$bad" ]; then return; fi
  bad=$1 why=$2 who=$name failing=$id
}

# settle SERVICE...: waits for them. They are healthy when every health check passes, services without one have run for the settling time, and
# services that ended have succeeded. The health check itself sets its time limit.
settle() {
  only=" $* "
  waiting_since
  while :; do
    survey
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    if [ "$bad" = docker.down ]; then
      await_docker || fail docker.down "$why"
      in_time
      raise
      waiting_since
      continue
    fi
    if [ "$bad" = start.failed ] && restarted; then
      emit log '' 'Docker was restarted; starting what it stopped'
      raise
      waiting_since
      continue
    fi
    blame
    if [ -z "$pending$young" ]; then break; fi
    in_time "${pending:-$young}"
    if out_of_time "${pending:-$young}"; then fail "$bad" "$why" "$who"; fi
    breathe
  done
  while [ "$living" -eq 0 ] && ! all_ended; do await_docker || fail docker.down 'Docker stopped answering'; done
  while IFS=$tab read -r id name state status; do emit health "$name" "$status"; done <"$run/ps"
}

# Docker was started after the containers: without live restore it has stopped them itself.
restarted() {
  for pid in /run/docker.pid /var/run/docker.pid "${XDG_RUNTIME_DIR:-/run}/docker.pid" /run/snap.docker/docker.pid /var/snap/docker/current/run/docker.pid; do
    if [ "$pid" -nt "$run/raised" ]; then return 0; fi
  done
  return 1
}

waiting_since() {
  read -r up _ </proc/uptime
  since=${up%.*}
  : >"$run/patience"
}

# out_of_time SERVICE: whether its time to become healthy or to stay up is over; then sets $bad $why $who. Reports the limit once.
out_of_time() {
  read -r up _ </proc/uptime
  waited=$((${up%.*} - since))
  if [ "$waited" -lt 2 ]; then return 1; fi
  who=$1 limit=''
  while IFS=$tab read -r name length reason; do
    if [ "$name" = "$who" ]; then limit=$length; fi
    if [ -n "$limit" ]; then break; fi
  done <"$run/patience"
  failing=$(awk -F "$tab" -v name="$who" '$2 == name { print $1; exit }' "$run/ps")
  if [ -z "$limit" ]; then
    length=$(checked container "$failing") && reason=${length#*"$tab"} limit=${length%%"$tab"*}
    if [ -z "$limit" ]; then limit=$((start_seconds + settle_seconds)) reason=''; fi
    allowed
    printf '%s\t%s\t%s\n' "$who" "$limit" "$reason" >>"$run/patience"
    if [ -n "$length" ]; then
      span "$limit"
      emit health "$who" "waiting at most $span for it to become healthy ($reason)"
    fi
  fi
  if [ "$waited" -lt "$limit" ]; then return 1; fi
  # A service that was restarted meanwhile gets its full time from then on.
  now
  age=$(timeout 10 docker inspect --format '{{.State.StartedAt}}' "$failing" 2>/dev/null | awk -F '[-T:.Z]' -v now="$((ms / 1000))" '
    $1 > 1 {
      year = $1 - ($2 <= 2)
      day = int((153 * ($2 + ($2 > 2 ? -3 : 9)) + 2) / 5) + $3 - 1
      day += year * 365 + int(year / 4) - int(year / 100) + int(year / 400) - 719468
      print now - (((day * 24 + $4) * 60 + $5) * 60 + $6)
    }')
  if [ "${age:-$limit}" -lt "$limit" ] && [ "${age:-0}" -ge 0 ]; then return 1; fi
  span "$limit"
  case $(awk -F "$tab" -v id="$failing" '$1 == id { print $3 "/" $4; exit }' "$run/ps") in
    running/*'(health: starting)'*)
      bad=unhealthy why="$who is not healthy after $span${reason:+ ($reason)}"
      health_said
      ;;
    created/*) bad=start.failed why="$who was created, and not started within $span" ;;
    *) bad=start.failed why="$who keeps ending and being started again" ;;
  esac
}

# The customer's limit, if set. A restored release gets at least its own.
allowed() {
  if [ -z "$wait_seconds" ]; then return; fi
  if [ -n "$concluded" ] && [ "$wait_seconds" -lt "$limit" ]; then return; fi
  limit=$wait_seconds reason='set by wait'
}

# Adds the last output of a health check to $why
health_said() {
  said=$(timeout 10 docker inspect --format '{{range .State.Health.Log}}{{println .Output}}{{end}}' "$failing" 2>/dev/null | sed '/^[[:space:]]*$/d' | tail -n 1)
  why="$why${said:+: $said}"
}

# Nothing runs: that is success if every container exited successfully and none was meant to stay. Fails if Docker does not answer.
all_ended() {
  set --
  while IFS=$tab read -r id _; do set -- "$@" "$id"; done <"$run/ps"
  if [ $# -eq 0 ]; then fail start.failed 'No container was started'; fi
  limited 20 docker inspect --format "{{index .Config.Labels \"$label.service\"}}$tab{{.HostConfig.RestartPolicy.Name}}/$tab{{len .HostConfig.PortBindings}}" "$@" >"$run/out" 2>&1
  if [ "$rc" -eq 124 ]; then
    in_time
    return 1
  fi
  [ "$rc" -eq 0 ] || fail start.failed 'Every container has ended'
  while IFS=$tab read -r name policy ports; do
    case $policy in
      always/ | unless-stopped/) fail start.failed "Every container has ended: $name with status 0, though its restart policy is ${policy%/}" "$name" ;;
    esac
    if [ "$ports" != 0 ]; then fail start.failed "Every container has ended: $name with status 0, though it publishes a port" "$name"; fi
  done <"$run/out"
  emit log '' 'Every container has ended with status 0: the job is done, and nothing is left running'
}
