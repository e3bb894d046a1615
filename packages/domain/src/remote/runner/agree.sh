# How a run is planned before it begins. Reads $run, $scratch, $base; sets $from, $said, $own, $live.

# What the caller is asked before a run begins, while no other can begin. Others may talk to their runs meanwhile.
prepare() {
  take_turn
  exec 7>&-
  asks=$value
  receive
  if [ -n "$asks" ] && [ ! -e "$run/exit" ]; then agree; fi
  exec 7>>"$base/lock"
  flock -n 7 || timeout 20 flock 7 || answer 75 busy 'The server is starting another run'
  guard
}

# Reports and asks whether to begin. The answer is a word; a line for people and the operations follow it, or why the run may not begin; then a dot.
agree() {
  set_clock
  told_event step '' >"$scratch/first"
  printf 'berth 1 %s\n' "$from"
  said=1
  if [ "$from" -eq 0 ]; then cat "$scratch/first" && from=1; fi
  (report) || exit
  # What may come after the dot is another's to read: so nothing is read ahead.
  timeout 60 sh -c 'while IFS= read -r line && printf "%s\n" "$line"; do [ "$line" != . ] || exit 0; done' |
    head -c 262145 >"$scratch/reply"
  [ "$(wc -c <"$scratch/reply")" -le 262144 ] || answer 1 plan.failed 'The plan is larger than 262144 bytes'
  [ "$(tail -c 3 "$scratch/reply")" = "$newline." ] || exit 1 # The caller is gone, and nothing has begun.
  line=
  { IFS= read -r line || :; } <"$scratch/reply"
  case $line in
    go)
      sed '1,2d;$d' "$scratch/reply" >"$scratch/operations"
      found=$(fit "$scratch/operations")
      [ "$found" = fit ] || answer 1 plan.failed "The plan cannot be done here: $found"
      ask_for_carried
      ;;
    unchanged) unchanged ;;
    'no '*) answer 1 "${line#no }" "$(sed -e 1d -e '$d' "$scratch/reply")" ;;
    *) exit 1 ;;
  esac
}

# told_event TYPE TEXT: an event of the step in which a run is planned
told_event() {
  now
  printf 'e\t%s\t%s\tplan\t\t%.3000s\n' "$ms" "$1" "$2"
}

# Ends without a run: what runs is what was asked for, with the images it has.
unchanged() {
  value project ''
  own=$base/state/$value
  live=$(readlink "$own/current")
  told_event plan "$(sed -n 2p "$scratch/reply")"
  field code 0
  field step plan
  field unchanged true
  while IFS=$tab read -r name id digest _; do field "image.$name" "$id $digest"; done <"$own/${live##*/}.images"
  printf '.\n'
  exit 0
}

# What is planned: a line for people, which is an event too, and the operations. A run that is started again keeps its own.
keep_plan() {
  if [ ! -f "$scratch/operations" ]; then return; fi
  cp "$scratch/operations" "$run/operations" && { cat "$scratch/first" && told_event plan "$(sed -n 2p "$scratch/reply")"; } >"$run/events"
}
