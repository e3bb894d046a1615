# Changes files and containers, and waits for a Docker that stopped answering. Reads $laid; writes changed, raised, ids.

# Puts the release's files in their place. From here on a failure restores what was there.
place() {
  now
  started=$((ms / 1000)).$(printf '%03d' $((ms % 1000)))
  : >"$run/changed"
  : >"$run/raised"
  lay "$new" || in_the_way
  sources "$run/sources" "$new" || fail files.conflict "$message" "$who"
}

# discard SERVICE...: stops and removes the containers of services that the release does not have
discard() { end_all Removed "$@"; }

# halt SERVICE...: stops the containers of services, until they are brought up again
halt() { end_all Stopped "$@"; }

# end_all Removed|Stopped SERVICE...: again if Docker stopped answering meanwhile
end_all() {
  said=$1
  shift
  stopping
  for _ in 1 2 3; do
    limited 20 docker ps -a --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" \
      --format "{{.ID}}$tab{{.Label \"$label.service\"}}" >"$run/ps" 2>"$run/out"
    if [ "$rc" -eq 0 ]; then
      printf '%s\n' "$@" | awk -F "$tab" 'FILENAME == "-" { gone[$1]; next } $2 in gone { print $1 }' - "$run/ps" >"$run/ids"
      if [ ! -s "$run/ids" ]; then return; fi
      limited "$down_seconds" sh -c 'xargs docker container stop <"$1"' sh "$run/ids" >"$run/out" 2>&1
      if [ "$rc" -eq 0 ] && [ "$said" = Removed ]; then limited 60 sh -c 'xargs docker container rm --force <"$1"' sh "$run/ids" >"$run/out" 2>&1; fi
      if [ "$rc" -eq 0 ]; then break; fi
    fi
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    in_time
    await_docker || fail docker.down 'Docker stopped answering'
  done
  [ "$rc" -eq 0 ] || fail internal "$(complaint)"
  for each; do emit log "$each" "$said"; done
}

# up ARGUMENT...: `up --wait` polls twice a second, takes a service that exited successfully for a failure and waits for ever for a crash loop; survey
# waits instead.
up() {
  may_take
  : >"$run/raised"
  watched "$up_seconds" "$own/$laid" "$own/${laid##*/}.pinned.yaml" "$app" up --detach --no-build --pull never "$@"
}

# raise [-- SERVICE...]: starts their containers as the release has them, or those of all services; again if Docker stopped answering meanwhile
raise() {
  : >"$run/served"
  for _ in 1 2 3; do
    up "$@"
    if [ "$rc" -eq 0 ]; then return; fi
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    in_time
    words=$(complaint)
    survey
    if [ "$rc" -ne 124 ]; then refused_by_docker; fi
    case $bad/$rc/$words in
      docker.down/*) await_docker || fail docker.down 'Docker stopped answering' ;;
      # The second message is from a Docker that restarted during the start: the container exists and only has to be started.
      */*/*'Cannot connect to the Docker daemon'* | */*/*'Error response from daemon'*'context deadline exceeded'*) sleep 1 ;;
      *)
        blame "$words"
        if [ "$rc" -ne 124 ]; then fail start.failed "$words" "$unborn"; fi
        waited_in_vain
        # On timeout, waiting may continue, but not for containers that were never created.
        if [ -z "$(absent)" ]; then return; fi
        ;;
    esac
  done
  who=$(absent)
  if [ -n "$who" ]; then fail start.failed "$who was not created" "$who"; fi
  fail docker.down "$words"
}

# Docker's refusal, by the messages of its versions. What can be known in advance was checked in preflight.
refused_by_docker() {
  case $words in
    *'port is already allocated'* | *'address already in use'*)
      users=$(every_container && users_of_ports)
      fail port.taken "$(printf '%s\n%s' "$words" "$users")" "$unborn"
      ;;
    *'no space left on device'*) fail disk.full "$words" ;;
    *'is already in use by container'*) fail name.taken "$words" "$unborn" ;;
    *'bind source path does not exist'*) fail mount.missing "$words" "$unborn" ;;
    *network*'declared as external'* | *'external network'*'not found'*) fail network.missing "$words" ;;
    *volume*'declared as external'* | *'external volume'*'not found'*) fail volume.missing "$words" ;;
  esac
}

# `up` timed out: which service another one waited for, and how long.
waited_in_vain() {
  while IFS=$tab read -r kind name on condition; do
    if [ "$kind" != depends ]; then continue; fi
    state=$(awk -F "$tab" -v name="$on" '$2 == name { print $3 "/" $4; exit }' "$run/ps")
    failing=$(awk -F "$tab" -v name="$on" '$2 == name { print $1; exit }' "$run/ps")
    case $condition/$state in
      service_completed_successfully/running/*)
        limit_of "$on" "$condition"
        span "$limit"
        fail timeout "$on has not ended after $span ($reason), and $name starts only once it has" "$on"
        ;;
      service_healthy/running/*'(health: starting)'*)
        limit_of "$on" "$condition"
        span "$limit"
        fail unhealthy "$on is not healthy after $span ($reason), and $name starts only once it is" "$on"
        ;;
    esac
  done <"$run/needs"
}

# A service without a container.
absent() { awk -F "$tab" 'FILENAME == ARGV[1] { made[$2]; next } !($1 in made) { print $1; exit }' "$run/ps" "$run/services"; }

in_time() {
  read -r up _ </proc/uptime
  if [ "${up%.*}" -ge "$deadline" ]; then fail timeout "The run took longer than $seconds seconds" "${1-}"; fi
}

# After a command that Docker answers at once: a timeout means that Docker hangs.
hung() {
  if [ "$rc" -eq 0 ] || [ -n "$concluded" ]; then return; fi
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  if [ "$rc" -ne 124 ]; then return; fi
  in_time
  fail docker.down 'Docker does not answer'
}

# Docker hangs or restarts while containers are replaced: wait for it and keep the changes. Restoring needs Docker too, and giving up at
# once would recreate every container three times.
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
