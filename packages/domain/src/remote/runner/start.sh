# Containers are brought up, and a Docker that went away is waited for. Reads $laid; writes raised.

# Compose's own --wait looks twice a second, takes a service that ended well for a failure, and waits for ever for one
# that ends again and again; so the waiting is done by survey.
up() {
  may_take
  : >"$run/raised"
  watched "$up_seconds" "$own/$laid" "$own/${laid##*/}.pinned.yaml" "$app" up --detach --remove-orphans --no-build --pull never
}

bring_up() {
  lay "$new" || in_the_way
  sources "$run/sources" "$new" || fail files.conflict "$message" "$who"
  raise
}

# Bring the containers of the release up, and again when Docker itself went away meanwhile.
raise() {
  for _ in 1 2 3; do
    up
    if [ "$rc" -eq 0 ]; then return; fi
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    in_time
    words=$(complaint)
    survey
    if [ "$rc" -ne 124 ]; then refused_by_docker; fi
    case $bad/$rc/$words in
      docker.down/*) await_docker || fail docker.down 'Docker stopped answering' ;;
      # The second is what Docker says of a start that it slept through itself: the container is made and only has to be started.
      */*/*'Cannot connect to the Docker daemon'* | */*/*'Error response from daemon'*'context deadline exceeded'*) sleep 1 ;;
      *)
        blame "$words"
        if [ "$rc" -ne 124 ]; then fail start.failed "$words" "$unborn"; fi
        waited_in_vain
        # Time ran out: the waiting may go on, but not for what was never made.
        if [ -z "$(absent)" ]; then return; fi
        ;;
    esac
  done
  who=$(absent)
  if [ -n "$who" ]; then fail start.failed "$who was not created" "$who"; fi
  fail docker.down "$words"
}

# What Docker refused, in the words of the versions there are; what of it can be known beforehand was looked for in preflight.
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

# `up` ran out of time: which service another one waited for, and for how long.
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

# A service that has no container
absent() { awk -F "$tab" 'FILENAME == ARGV[1] { made[$2]; next } !($1 in made) { print $1; exit }' "$run/ps" "$run/services"; }

in_time() {
  read -r up _ </proc/uptime
  if [ "${up%.*}" -ge "$deadline" ]; then fail timeout "The run took longer than $seconds seconds" "${1-}"; fi
}

# After something that Docker answers at once: where it did not, that is nobody's fault but its own.
hung() {
  if [ "$rc" -eq 0 ] || [ -n "$concluded" ]; then return; fi
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  if [ "$rc" -ne 124 ]; then return; fi
  in_time
  fail docker.down 'Docker does not answer'
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
