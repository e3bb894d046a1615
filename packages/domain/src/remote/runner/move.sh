# Data of add-ons, taken over by another version of their server. Both servers run apart for it, without a network: nobody can write to either, and the
# old one's volume stays as it is. Reads $values/moves (name, kind, volume, new volume), $previous, $new; writes moved.NAME, made.NAME, count.old, count.new.

# move NAME...: done once, since what is new is written to afterwards
move() {
  for name; do
    if [ ! -e "$run/moved.$name" ]; then take_over; fi
  done
}

take_over() {
  about_move "$name" || fail plan.failed "The plan moves the data of $name, and the release does not"
  case $previous in releases/*) ;; *) fail plan.failed "There is no release that the data of $name could be taken over from" ;; esac
  part || fail docker.down 'Docker stopped answering'
  : >"$own/apart" || unwritten 'The run cannot be stored'
  halt "$name"
  make_volume
  emit log "$name" "Taking over the data of $name; until that is done nothing can write to it"
  alone old "$own/$previous" "$own/${previous##*/}.pinned.yaml"
  old=$apart
  room_for_data
  count_in "$old" old
  if [ "$mode" = copy ]; then copy_data; fi
  alone new "$new" "$own/$release.pinned.yaml"
  if [ "$mode" = dump ]; then load_data "$apart"; fi
  count_in "$apart" new
  if ! cmp -s "$run/count.old" "$run/count.new"; then
    lost=$(awk 'FILENAME == ARGV[1] { new[$0]; next } !($0 in new) { print; exit }' "$run/count.new" "$run/count.old")
    not_moved "What arrived is not what was there, which had: ${lost:-less}"
  fi
  part || fail docker.down 'Docker stopped answering'
  true >"$run/moved.$name" && sync || unwritten 'The run cannot be stored'
  emit log "$name" "$(wc -l <"$run/count.new" | tr -d ' ') lines of what it holds were counted before and after, and are the same"
}

# about_move NAME: sets $kind, $from, $to, and what the kind has
about_move() {
  kind='' from='' to=''
  if [ -f "$values/moves" ]; then
    while IFS=$tab read -r each its was will; do
      if [ "$each" = "$1" ]; then kind=$its from=${project}_$was to=${project}_$will; fi
    done <"$values/moves"
  fi
  plain "$from" && plain "$to" && kind_of_data
}

not_moved() { fail upgrade.failed "The data of $name was not taken over.$newline$1" "$name"; }

# One that this run did not make may have somebody's data.
make_volume() {
  if [ -e "$run/made.$name" ]; then
    limited 60 docker volume rm -- "$to" >"$run/out" 2>&1
  elif timeout 20 docker volume inspect -- "$to" >/dev/null 2>&1; then
    not_moved "The volume $to is there already. Look at what it has, and remove it: docker volume rm $to"
  fi
  true >"$run/made.$name" || unwritten 'The run cannot be stored'
  limited 60 docker volume create --label "$label.project=$project" --label "$label.volume=${to#"$project"_}" -- "$to" >"$run/out" 2>&1
  hung
  [ "$rc" -eq 0 ] || not_moved "$(complaint)"
}

# alone WHICH RELEASE PINNED: starts the server of $name as a release has it, without a network, and waits for it; its container into $apart
alone() {
  printf 'services:\n  "%s":\n    network_mode: none\n    networks: !reset null\n    restart: "no"\n' "$name" >"$run/apart.yaml"
  which=$1
  compose 300 "$2" "$3" "$app" --project-name "${project}_$which" -f "$run/apart.yaml" up --detach --no-deps --no-build --pull never -- "$name" >"$run/out" 2>&1
  if [ "$rc" -ne 0 ]; then
    ended
    if diagnose; then fail "$class" "$message"; fi
    not_moved "$(complaint)"
  fi
  apart=$(timeout 20 docker ps -aq --no-trunc --filter "label=$label.project=${project}_$which" | head -n 1)
  number move_start_seconds 600
  read -r up _ </proc/uptime
  until_up=$((${up%.*} + value))
  while :; do
    case $(timeout 20 docker inspect --format '{{.State.Status}}/{{with .State.Health}}{{.Status}}{{end}}' "$apart" 2>/dev/null) in
      running/healthy) return ;;
      exited/* | dead/*)
        words=$(timeout 20 docker logs --tail 3 "$apart" 2>&1 | tail -n 3)
        not_moved "The $which server ended: $words"
        ;;
    esac
    if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
    in_time "$name"
    read -r up _ </proc/uptime
    [ "${up%.*}" -lt "$until_up" ] || not_moved "The $which server did not become healthy"
    breathe 0.5
  done
}

room_for_data() {
  size=$(timeout 120 docker exec "$old" du -skx "$data" 2>/dev/null | awk '{ size = int($1 / 1024); exit } END { print size + 0 }')
  root=$(docker_root)
  free=$(free_mb "$root")
  number min_free_mb 200 && wanted=$value
  wanted=$((wanted + size))
  [ "${free:-$wanted}" -ge "$wanted" ] || fail disk.full "$free MB are free on $root, and $wanted MB are needed to take over the data of $name"
}

# count_in CONTAINER WHICH: what it holds, into count.WHICH
count_in() {
  limited 1800 docker exec "$1" sh -c "$count" sh "$name" >"$run/count.$2" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then
    ended
    not_moved "What the $2 server holds cannot be counted: $(first_error)"
  fi
}

# What a database says of an error may have its data in it, but for the first line.
first_error() { { grep -m 1 -i -e error -e fatal -e 'no space' "$run/out" || head -n 1 "$run/out"; } | cut -c 1-300; }

# load_data CONTAINER: what the old server dumps is loaded by the new one, and kept nowhere else
load_data() {
  rm -f "$run/dumped"
  # shellcheck disable=SC2016 # another shell expands it
  limited 3600 sh -c '{ docker exec "$1" sh -c "$3" 2>"$5/dump.out"; echo $? >"$5/dumped"; } | docker exec -i "$2" sh -c "$4"' \
    sh "$old" "$1" "$dump" "$load" "$run" >"$run/out" 2>&1
  dumped=$(cat "$run/dumped" 2>/dev/null)
  if [ "$rc" -eq 0 ] && [ "$dumped" = 0 ]; then return; fi
  ended
  if grep -qi 'no space left' "$run/out" "$run/dump.out"; then fail disk.full "$(grep -m 1 -hi 'no space left' "$run/out" "$run/dump.out" | cut -c 1-300)"; fi
  if [ "$rc" -ne 0 ]; then not_moved "The new server did not load the dump: $(first_error)"; fi
  mv "$run/dump.out" "$run/out"
  not_moved "The old server could not be dumped: $(first_error)"
}

# The new server reads what the old one wrote.
copy_data() {
  limited 120 docker container stop "$old" >"$run/out" 2>&1
  image=$(awk -F "$tab" -v name="$name" '$1 == name { print $2; exit }' "$own/$release.images")
  limited 3600 docker run --rm --network none --user 0:0 --label "$label.project=${project}_old" --entrypoint sh \
    --volume "$from:/from:ro" --volume "$to:/to" -- "$image" -c 'cp -a /from/. /to/' >"$run/out" 2>&1
  if [ "$rc" -eq 0 ]; then return; fi
  ended
  case $(cat "$run/out") in *'No space left'* | *'no space left'*) fail disk.full "$(first_error)" ;; esac
  not_moved "$(first_error)"
}

# Ends and removes what runs apart: before anything else uses its volumes.
part() {
  if [ ! -e "${own:-$run}/apart" ]; then return 0; fi
  for _ in 1 2 3; do
    limited 60 sh -c 'docker ps -aq --filter "label=$1=$2_old" && docker ps -aq --filter "label=$1=$2_new"' sh "$label.project" "$project" >"$run/ids" 2>"$run/out"
    if [ "$rc" -eq 0 ] && [ -s "$run/ids" ]; then
      limited 180 sh -c 'xargs docker container stop <"$1"' sh "$run/ids" >"$run/out" 2>&1
      if [ "$rc" -eq 0 ]; then limited 60 sh -c 'xargs docker container rm --force --volumes=false <"$1"' sh "$run/ids" >"$run/out" 2>&1; fi
    fi
    if [ "$rc" -eq 0 ]; then
      rm -f "$own/apart"
      return 0
    fi
    await_docker || return 1
  done
  return 1
}

# After a failure: the new volumes go, unless they were written to.
leave_moved() {
  for made in "$run"/made.*; do
    if [ ! -e "$made" ] || ! about_move "${made##*/made.}"; then continue; fi
    if [ -e "$run/moved.${made##*/made.}" ] && [ -e "$run/served" ]; then
      emit note '' "What was written to ${made##*/made.} since its data was taken over is in the volume $to, and is not in what runs now. When nobody needs it: docker volume rm $to"
    else
      limited 60 docker volume rm -- "$to" >"$run/out" 2>&1
    fi
  done
}

# Volumes that upgrades left and nobody keeps any more. Docker refuses while a container has one.
drop_lapsed() {
  if [ ! -f "$values/lapsed" ]; then return; fi
  while IFS= read -r volume; do
    plain "$volume" || continue
    limited 60 docker volume rm -- "${project}_$volume" >"$run/out" 2>&1
    if [ "$rc" -eq 0 ]; then emit log '' "Removed the volume ${project}_$volume, which an upgrade had left"; fi
  done <"$values/lapsed"
}
