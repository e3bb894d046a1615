# How long something was away while containers were replaced, by Docker's events. Reads $started; writes downtimes.

# happened EVENT...: what happened to the project's containers from the run's first change to $ms: nanoseconds, container, service, event
happened() {
  for event; do set -- "$@" --filter "event=$event" && shift; done
  timeout 10 docker events --since "$started" --until "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))" --filter "label=$label.project=$project" \
    --filter type=container "$@" --format "{{.TimeNano}}$tab{{.Actor.ID}}$tab{{index .Actor.Attributes \"$label.service\"}}$tab{{.Action}}"
}

# After a release was put back: from the end of the first previous container until now, into $down.
measure() {
  now
  first=$(happened create die | awk -F "$tab" '$4 == "create" { made[$2] } $4 == "die" && !($2 in made) { print substr($1, 1, length($1) - 6); exit }')
  if [ -n "$first" ]; then down=$((ms - first)); fi
}

# Keeps for the next plan how long each service was away that was replaced: from the end of its first container until the last new one was
# healthy, or had started. What was not replaced keeps what it had.
measure_services() {
  if [ -z "$previous" ] || [ -z "${started-}" ]; then return; fi
  now
  [ -f "$own/downtimes" ] || : >"$own/downtimes"
  happened create die start health_status 2>/dev/null | awk -F "$tab" '
    FILENAME == ARGV[2] { if (!($1 in back)) print $1 FS $2; next }
    { at = substr($1, 1, length($1) - 6) }
    $4 == "create" { made[$2] }
    $4 == "die" && !($2 in made) && !($3 in gone) { gone[$3] = at }
    ($4 == "start" || $4 == "health_status: healthy") && ($2 in made) && ($3 in gone) { back[$3] = at; away[$3] = at - gone[$3] }
    END { for (name in back) print name FS away[name] }' - "$own/downtimes" >"$run/away" && mv "$run/away" "$own/downtimes"
}
