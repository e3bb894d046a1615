# The state of this server: containers, disk, Docker. Sets $class and $message on a failure.

# Writes the project's containers as verdict fields into seen; fails if Docker does not answer.
describe() {
  timeout 10 docker ps -aq --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" \
    >"$scratch/ids" 2>"$scratch/complaint" || return 1
  count=0
  set --
  while IFS= read -r id; do
    count=$((count + 1))
    if [ "$count" -le 60 ]; then set -- "$@" "$id"; fi
  done <"$scratch/ids"
  : >"$scratch/described"
  # If a container disappears meanwhile, the command fails but still prints the others.
  if [ $# -gt 0 ] && ! timeout 15 docker container inspect --format "$container" "$@" >"$scratch/described" 2>"$scratch/complaint"; then
    [ -s "$scratch/described" ] || return 1
  fi
  line "$base/state/$project/laid" && laying=$value
  services=
  if [ -n "$laying" ] && [ -f "$base/state/$project/${laying##*/}.pinned.yaml" ]; then
    services=$(sed -n 's/^  "\([A-Za-z0-9._-]*\)":$/\1/p' "$base/state/$project/${laying##*/}.pinned.yaml" | head -n 100 | tr '\n' ' ')
  fi
  set --
  for images in "$base/state/$project"/*.images "$base/state/$project/${laying##*/}.images"; do
    if [ -f "$images" ]; then set -- "$@" "$images"; fi
  done
  as_written "$@" "$scratch/described" >"$scratch/written" && mv "$scratch/written" "$scratch/described" || return 1
  read -r up _ </proc/uptime
  booted=$(date +%s)
  booted=$((booted - ${up%.*}))
  {
    field containers "$count"
    field expected "$services"
    field booted "$booted"
    while IFS= read -r described; do printf 'r\tcontainer\t%.4000s\n' "$described"; done <"$scratch/described"
  } >"$scratch/seen"
}

# as_written IMAGES... DESCRIBED: the containers with image names in place of the ids that a release pins
as_written() {
  awk -F "$tab" '
    FILENAME != ARGV[ARGC - 1] {
      if ($4 ~ /^[A-Za-z0-9._\/:@-]+$/) written[$1, $2] = substr($4, 1, 300)
      next
    }
    match($0, /"service":"[A-Za-z0-9._-]+","image":"sha256:[0-9a-f]+","imageId"/) {
      split(substr($0, RSTART, RLENGTH), part, "\"")
      if ((part[4], part[8]) in written) {
        $0 = substr($0, 1, RSTART - 1) "\"service\":\"" part[4] "\",\"image\":\"" written[part[4], part[8]] "\",\"imageId\"" \
          substr($0, RSTART + RLENGTH)
      }
    }
    { print }' "$@"
}

free_mb() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }

# Where images and volumes are stored, as far as can be told without Docker.
docker_root() {
  rootless=${HOME-}/.local/share/docker
  if [ -d "$rootless" ] && [ ! -w /var/run/docker.sock ]; then
    printf '%s' "$rootless"
  elif [ -d /var/lib/docker ]; then
    printf /var/lib/docker
  elif [ -d "$base" ]; then
    printf '%s' "$base"
  else
    printf /
  fi
}

# Why Docker cannot be used, into $class and $message; fails if it can be used.
diagnose() {
  class='' message=''
  for tool in flock setsid timeout mkfifo awk; do
    command -v "$tool" >/dev/null && continue
    class=tool.missing message="$tool is not installed" && return
  done
  if ! command -v docker >/dev/null; then
    class=docker.missing message='Docker is not installed'
  elif
    compose_version=$(timeout 20 docker compose version --short 2>/dev/null)
    compose_rc=$?
    [ "$compose_rc" -ne 0 ]
  then
    class=compose.missing message='Docker has no Compose plugin (docker compose)'
    if [ "$compose_rc" -eq 124 ]; then class=docker.down message='Docker does not answer: docker compose version took too long'; fi
  elif ! docker_version=$(timeout 20 docker version --format '{{.Server.Version}}' 2>"$scratch/docker"); then
    class=docker.down message='Docker does not answer'
    if denied; then class=docker.denied message="The user $(id -un) may not use Docker"; fi
    if [ "$class" = docker.denied ] && may_sudo; then class=sudo.password message="$message, and sudo wants a password"; fi
    cause=$(head -n 1 "$scratch/docker")
    message="$message${cause:+: $cause}"
  else
    case ${compose_version#v} in
      [01].*) class=compose.missing message="Compose $compose_version is too old: version 2 is needed" ;;
      *) return 1 ;;
    esac
  fi
}

# Whether Docker's socket exists and this user may not write to it.
denied() {
  socket=$(timeout 10 docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
  case $socket in unix://?*) socket=${socket#unix://} ;; *) socket=/var/run/docker.sock ;; esac
  if [ -S "$socket" ]; then [ ! -w "$socket" ]; else grep -qi 'permission denied' "$scratch/docker"; fi
}

# unwritable TEXT WHAT: why a file of ours could not be written, from the system's message, into $class and $message
unwritable() {
  words=$1
  case $words in
    *[Nn]'o space left'* | *uota\ exceeded* | *ermission\ denied* | *'not permitted'* | *[Rr]ead-only*) ;;
    # On a full disk the message itself could not be written.
    *) tried=$(cp "$0" "$base/probe" 2>&1) || words=$tried ;;
  esac
  rm -f "$base/probe"
  cause=${words##*runner.sh: } && cause=${cause#line } && cause=${cause#[0-9]*: }
  message="$2${cause:+: $cause}"
  case $words in
    *[Nn]'o space left'* | *uota\ exceeded*) class=disk.full ;;
    *ermission\ denied* | *'not permitted'* | *[Rr]ead-only*) class=folder.denied ;;
    *) class=files.failed ;;
  esac
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
