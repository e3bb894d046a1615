# The logins of registries that a run was given. They are a Docker configuration of this run, in memory where the server has a place
# for it, which only pulls use and which goes with the run. $base/logins names it, for the next run to remove if nothing else could.

# Makes the configuration of the words in $secret, a registry's key and its `auth` one after the other. Everything else is the user's own:
# of two entries Docker takes the last, and an empty credential helper is none.
keep_logins() {
  place=$base
  for memory in /dev/shm /run; do
    awk -v at="$memory" '$2 == at && $3 == "tmpfs" { found = 1 } END { exit !found }' /proc/self/mounts || continue
    if [ -w "$memory" ]; then place=$memory && break; fi
  done
  kept=$(mktemp -d "$place/berth.XXXXXXXX") && ln -s "$kept" "$base/logins" || return 1
  mine=$(cd "${DOCKER_CONFIG:-${HOME-}/.docker}" 2>/dev/null && pwd) || mine=
  for entry in "${mine:-$kept}"/*; do
    if [ -e "$entry" ] && [ "${entry##*/}" != config.json ]; then ln -s "$entry" "$kept/" || return 1; fi
  done
  set --
  if [ -r "$mine/config.json" ]; then set -- "$mine/config.json"; fi
  printf '%s\n' "$secret" | awk '
    NR == 1 {
      count = split($0, word, " ")
      for (i = 1; i < count; i += 2) {
        auths = auths (i > 1 ? "," : "") "\"" word[i] "\":{\"auth\":\"" word[i + 1] "\"}"
        helpers = helpers (i > 1 ? "," : "") "\"" word[i] "\":\"\""
      }
      next
    }
    { mine = mine $0 "\n" }
    END {
      sub(/[ \t\r\n]+$/, "", mine)
      if (substr(mine, length(mine)) != "}") mine = "{}"
      mine = substr(mine, 1, length(mine) - 1)
      sub(/[ \t\r\n]+$/, "", mine)
      print mine (mine ~ /^[ \t\r\n]*\{$/ ? "" : ",") "\"auths\":{" auths "},\"credHelpers\":{" helpers "}}"
    }' - "$@" >"$kept/config.json"
}

forget_logins() {
  kept=$(readlink "$base/logins") || kept=
  if [ -n "$kept" ]; then rm -rf "$kept" "$base/logins"; fi
  kept=
}

# Finds what this run was given, and removes it should the run be killed.
hold_logins() {
  kept=$(readlink "$base/logins") || kept=
  if [ -n "$kept" ]; then { flock -s 8 && rm -rf "$kept"; } 8<"$run/alive" 9>&- >/dev/null 2>&1 & fi
}

# logged_in COMMAND...: with the logins
logged_in() {
  if [ -z "$kept" ]; then
    "$@"
    return
  fi
  before=${DOCKER_CONFIG-}
  DOCKER_CONFIG=$kept
  export DOCKER_CONFIG
  "$@"
  if [ -n "$before" ]; then DOCKER_CONFIG=$before; else unset DOCKER_CONFIG; fi
}

# registry_of IMAGE: into $registry, as Docker reads the name
registry_of() {
  case $1 in */*) registry=${1%%/*} ;; *) registry=docker.io ;; esac
  case $registry in
    index.docker.io) registry=docker.io ;;
    localhost | *.* | *:*) ;;
    *) registry=docker.io ;;
  esac
}

# refused_pull WORDS: fails, naming the registry that refused and whose login it was given. Docker's words name it, or the release has
# no other.
refused_pull() {
  refused='' registries=' '
  while IFS=$tab read -r _ image _; do
    registry_of "$image"
    case $registries in *" $registry "*) continue ;; esac
    registries="$registries$registry "
    case $1 in *"$registry/"*) refused=$registry ;; esac
  done <"$run/services"
  case $refused$registries in
    ' '*' docker.io '* | ' docker.io '*) refused=docker.io ;;
    ' '*' '*' ') fail registry.denied "$1" ;;
    ' '*) refused=${registries# } && refused=${refused% } ;;
  esac
  account=$(awk -F "$tab" -v registry="$refused" '$1 == registry { print $2 }' "$values/logins" 2>/dev/null)
  if [ -n "$account" ]; then fail registry.denied "$refused refused the login of $account$newline$1"; fi
  fail registry.denied "$refused refused the pull, and Berth has no login for it$newline$1"
}

# The operation login: asks a registry whether it takes a login, through the Docker that would pull. Docker's API is asked itself, since
# its command would write the login to a file.
login() {
  if diagnose; then answer 69 "$class" "$message"; fi
  mkfifo "$scratch/request" && exec 6<>"$scratch/request" || answer 1 internal 'Docker cannot be asked'
  printf 'POST /auth HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' \
    "${#secret}" "$secret" >&6 &
  timeout 25 docker system dial-stdio <&6 >"$scratch/answer" 2>"$scratch/docker"
  rc=$?
  status='' words=''
  if [ -s "$scratch/answer" ]; then
    read -r _ status _ <"$scratch/answer"
    words=$(tr -d '\r' <"$scratch/answer" | sed '1,/^$/d;s/^{"message":"\(.*\)"}$/\1/;s/\\"/"/g;s/\\n/ /g' | head -c 3000)
  fi
  case $status/$rc/$words in
    200/*) answer 0 '' '' ;;
    */124/*) answer 1 registry.unavailable 'The registry did not answer within 25 seconds' ;;
    40[13]/* | *' denied'* | *unauthorized* | *'status: 40'[13]* | *orbidden*) answer 1 registry.denied "$words" ;;
    *'x509: '* | *'signed by unknown authority'* | *'HTTP response to HTTPS client'* | *'failed to verify certificate'*) answer 1 registry.untrusted "$words" ;;
    /*)
      line "$scratch/docker"
      answer 69 docker.down "Docker does not answer${value:+: $value}"
      ;;
  esac
  answer 1 registry.unavailable "$words"
}
