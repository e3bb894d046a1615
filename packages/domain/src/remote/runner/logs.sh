# The operation logs: the last lines of containers, and following. Works in $scratch.

# Each event names the container and the timestamp in nanoseconds, so that a later run can resume. `positions` holds a container and its
# last timestamp per line; of other containers, every line since `begun` is new.
logs() {
  value project '' && project=$value
  value since '' && since=$value
  value begun '' && begun=$value
  number tail 200 && lines=$value
  number timeout_seconds 60 && limit=$value
  value follow '' && follow=$value
  plain "$project" || answer 1 internal 'The app has no proper name'
  value app_id '' && app_id=$value
  line "$base/state/$project/owner"
  [ -z "$value" ] || [ "$value" = "$app_id" ] || answer 1 conflict "The project $project belongs to another app"
  for text in "$since" "$begun"; do
    case $text in *[!A-Za-z0-9:.+-]*) answer 1 internal 'The time is not one' ;; esac
  done
  if ! command -v docker >/dev/null; then answer 69 docker.missing 'Docker is not installed'; fi
  if ! whose; then
    if diagnose; then answer 69 "$class" "$message"; fi
    answer 69 docker.down 'Docker did not answer'
  fi
  live=
  if sed -u '' </dev/null 2>/dev/null; then live=-u; fi
  printf 'berth 1 %s\n' "$from"
  more=$(awk 'END { if (NR > 60) print NR }' "$scratch/there")
  if [ -n "$more" ]; then printf 'e\t-\tlog\t- -\t\t(%s containers: only those of the first 60 are read)\n' "$more"; fi
  if [ -z "$begun" ]; then
    begun=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    past
    printf 'e\t-\tnote\tbegun %s\t\t\n' "$begun"
  fi
  if [ -n "$follow" ]; then stay; fi
  field code 0
  printf '.\n'
  exit 0
}

# whose: the project's containers of the requested services, into $scratch/there: id, start time, service
whose() {
  timeout 10 docker ps --all --quiet --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" \
    >"$scratch/ids" 2>/dev/null || return 1
  # If a container disappears meanwhile, only its own inspection fails.
  timeout 10 xargs docker inspect --format "{{.Id}}$tab{{.State.StartedAt}}$tab{{index .Config.Labels \"$label.service\"}}" \
    <"$scratch/ids" 2>/dev/null |
    awk -F "$tab" -v names="$values/services" '
      BEGIN { while ((getline name <names) > 0) { asked[name]; some = 1 } }
      $1 ~ /^[0-9a-f]+$/ && $2 ~ /^[0-9TZ:.+-]+$/ && $3 ~ /^[A-Za-z0-9._-]*$/ && (!some || $3 in asked) {
        print substr($1, 1, 12) FS $2 FS $3
      }' >"$scratch/there"
}

# said ID SERVICE: turns the lines of a container into events
said() {
  # Short lines are written in one piece and cannot mix with others. In steps, since some seds limit repetition to 255.
  sed ${live:+"$live"} "s/^\(.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}.\{250\}\).*/\1/
s/^\([0-9][0-9T:.-]*Z\) \{0,1\}/e$tab\1${tab}log$tab$1 \1$tab$2$tab/
t
s/^/e$tab-${tab}log$tab$1 -$tab$2$tab/"
}

# The same for a sed that buffers its output.
said_each() {
  while IFS= read -r text || [ -n "$text" ]; do
    stamp=${text%% *}
    case $stamp in
      [0-9]*T*Z)
        text=${text#"$stamp"}
        printf 'e\t%s\tlog\t%s %s\t%s\t%.3000s\n' "$stamp" "$1" "$stamp" "$2" "${text# }"
        ;;
      *) printf 'e\t-\tlog\t%s -\t%s\t%.3000s\n' "$1" "$2" "$text" ;;
    esac 2>/dev/null || return 0
  done
}

# The last lines of all containers together, and the position reached in each: all lines with its last timestamp count, including omitted
# ones.
past() {
  head -n 60 "$scratch/there" | while IFS=$tab read -r id _ service; do
    timeout 20 docker logs --timestamps "--tail=$((lines + 100))" ${since:+"--since=$since"} "$id" 2>&1 </dev/null | said "$id" "$service"
  done | sort -s -t "$tab" -k 2,2 |
    awk -F "$tab" -v OFS="$tab" -v most="$lines" '
      {
        split($4, at, " ")
        if (at[2] == "-") {
          remarks = remarks $0 "\n"
          next
        }
        kept[++lines % (most + 1)] = $0
        count[at[1]] = at[2] == last[at[1]] ? count[at[1]] + 1 : 1
        last[at[1]] = at[2]
      }
      END {
        for (i = lines > most ? lines - most + 1 : 1; i <= lines; i++) print kept[i % (most + 1)]
        printf "%s", remarks
        for (id in last) print "e", "-", "note", id " " last[id] " " count[id], "", ""
      }' | tee "$scratch/past"
  awk -F "$tab" '$3 == "note" { split($4, at, " "); print at[1], at[2] }' "$scratch/past" >"$values/positions"
}

# Follows current and new containers, each from its position, until time is up or nobody reads.
stay() {
  mkdir "$scratch/on"
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + limit))
  trap 'hush' EXIT
  while :; do
    head -n 60 "$scratch/there" >"$scratch/now"
    while IFS=$tab read -r id started service; do
      line "$scratch/on/$id"
      if [ "$value" != "$started" ]; then
        listen "$id" "$service"
        printf '%s\n' "$started" >"$scratch/on/$id"
      fi
    done <"$scratch/now"
    sleep 2
    read -r up _ </proc/uptime
    [ "${up%.*}" -lt "$deadline" ] || break
    printf 'e\t-\tnote\there\t\t\n' 2>/dev/null || exit 0
    whose || :
  done
  silence
  wait
}

# listen ID SERVICE: follows a container. After a restart it is replayed from its first position; the reader drops what it already has.
listen() {
  line "$scratch/on/$1.pids"
  if [ -n "$value" ]; then
    kill "${value% *}" 2>/dev/null
    wait "${value#* }"
  fi
  printf 'e\t-\tnote\t%s follows\t%s\t\n' "$1" "$2" 2>/dev/null || exit 0
  at=$(awk -v id="$1" '$1 == id { print $2 }' "$values/positions" 2>/dev/null)
  [ -p "$scratch/on/$1.pipe" ] || mkfifo "$scratch/on/$1.pipe"
  timeout "$limit" docker logs --timestamps --follow "--since=${at:-$begun}" "$1" >"$scratch/on/$1.pipe" 2>&1 </dev/null &
  voice=$!
  if [ -n "$live" ]; then said "$1" "$2" <"$scratch/on/$1.pipe" & else said_each "$1" "$2" <"$scratch/on/$1.pipe" & fi
  printf '%s %s\n' "$voice" "$!" >"$scratch/on/$1.pids"
}

silence() {
  for file in "$scratch"/on/*.pids; do
    line "$file"
    if [ -n "$value" ]; then kill "${value% *}" 2>/dev/null; fi
  done
}

hush() {
  silence
  rm -rf "$scratch"
}
