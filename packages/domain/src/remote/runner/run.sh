# Events, steps, and commands with a time limit. Sets $run, $values, $base, $app, $own, $deadline; of a command $rc.

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
  run=$1 values=$1/values scratch=$1 base=${1%/runs/*} step=preflight
  child='' down='' rolled=false concluded='' failing='' previous='' op='' service='' failed='' release='' new='' laid='' replace='' message='' own='' only='' fetched='' refused='' account=''
  umask 022 # Containers read these files as whoever they are; the folder above is closed to everybody else.
  trap 'if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi' TERM
  trap 'if [ -z "$concluded" ]; then give_up; fi' EXIT
  set_clock
  printf '%s\n' "$$" >"$run/pid"
  cp "$0" "$run/room"
  hold_logins
  number timeout_seconds 3600 && seconds=$value
  number wait_seconds '' && wait_seconds=$value
  number start_seconds 120 && start_seconds=$value
  job_seconds=1800 # of a job that others wait for: no file says how long it may take
  number settle_seconds 3 && settle_seconds=$value
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + seconds))
  IFS= read -r op <"$run/op" || :
  if [ "$op" = prepare ]; then prepare_server; fi
  value project '' && project=$value
  value app_id '' && app_id=$value
  plain "$project" || fail internal 'The app has no proper name'
  app=$base/apps/$project own=$base/state/$project
  # A run that is started again after the server went down may have to undo its earlier changes.
  if [ -f "$run/previous" ]; then IFS= read -r previous <"$run/previous" || :; fi
  case $op in deploy) deploy ;; remove) remove ;; esac
  fail internal 'The run has nothing to do'
}

# limited SECONDS COMMAND...: its status into $rc, 124 on timeout. A TERM to this shell ends the command.
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

# compose SECONDS RELEASE PINNED FOLDER ARGUMENT...: runs Compose with a release's files, variables and pins. Relative paths start at
# FOLDER; ${PWD} is always the app's folder. Several files are read in the release's own folder and where it is built; afterwards it is what Compose
# made of them, because what they include or extend would otherwise be read in the app's folder.
compose() {
  limit=$1 origin=$2 pinned=$3 folder=$4
  shift 4
  left=$#
  set -- "$@" --env-file "$origin/.env"
  if [ "$folder" != "$app" ] && [ -f "$values/compose_files" ]; then
    while IFS= read -r path; do set -- "$@" -f "$folder/$path"; done <"$values/compose_files"
  elif [ "$folder" = "$app" ] && [ -f "$own/${origin##*/}.resolved.yaml" ]; then
    set -- "$@" -f "$own/${origin##*/}.resolved.yaml"
  else
    set -- "$@" -f "$origin/compose.yaml"
  fi
  if [ -f "$origin/.berth-images.yaml" ]; then set -- "$@" -f "$origin/.berth-images.yaml"; fi
  if [ -f "$pinned" ]; then set -- "$@" -f "$pinned"; fi
  while [ "$left" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    left=$((left - 1))
  done
  limited "$limit" env -u LC_ALL -u BERTH_CLEAN "PWD=$app" docker compose --project-name "$project" --project-directory "$folder" "$@"
}

# The same, reporting the output as it arrives and keeping it in out.
watched() {
  [ -p "$run/pipe" ] || mkfifo "$run/pipe"
  sink <"$run/pipe" &
  sinking=$!
  compose "$@" >"$run/pipe" 2>&1
  wait "$sinking"
}

sink() {
  : >"$run/out"
  heard=
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

# Progress is ` web Pulled ` in Compose 2 and ` Image page:1 Pulled ` in Compose 5, once for all services with that image. Lines about
# neither a service nor an image of the release are reported as they are.
told() {
  line=${1# }
  line=${line% }
  what=${line##* } subject=${line% *}
  subject=${subject%"${subject##*[! ]}"}
  image=${subject#Image }
  while IFS=$tab read -r name its _; do
    if [ "$name" = "$subject" ]; then image=$its; fi
  done <"$run/services"
  case $heard in *"|$image $what|"*) return ;; esac
  before=$heard
  while IFS=$tab read -r name its _; do
    if [ "$its" = "$image" ]; then emit image "$name" "$what" && heard="$heard|$image $what|"; fi
  done <"$run/services"
  if [ "$heard" = "$before" ]; then emit log '' "$line"; fi
}
