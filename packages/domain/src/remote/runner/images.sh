# Images: pulled, or those recorded. Writes found, images, pins, past, before, built. Reads $policy, $pull_seconds; sets $fetched.

# Lists the wanted images on the server into found: id, platform, digests. $rc is not 0 if one is missing.
inspect() {
  set --
  while IFS= read -r image; do set -- "$@" "$image"; done <"$run/wanted"
  limited 120 docker image inspect --format "{{.Id}}$tab{{.Os}}/{{.Architecture}}$tab{{range .RepoDigests}}{{.}},{{end}}" -- "$@" \
    >"$run/found" 2>"$run/out"
  hung
}

# The images recorded for the release, into past: service, id, digest. A release that was healthy, a run that is started again and a
# rollback use recorded images: a tag may have moved. Otherwise lists the images on the server before any is pulled, into before, and what is built,
# into built.
look() {
  if [ -e "$own/$release.healthy" ] || [ -e "$run/pinned" ]; then
    cp "$own/$release.images" "$run/past" || unwritten 'The images cannot be read'
  elif [ "$policy" = missing ]; then
    if [ -f "$values/pins" ]; then cat "$values/pins"; fi >"$run/past"
  else
    awk -F "$tab" '$4 == "build"' "$run/services" >"$run/built"
    limited 120 docker image ls --all --quiet --no-trunc >"$run/before" 2>"$run/out"
    hung
    if [ "$rc" -eq 0 ]; then return; fi
    ended
    if diagnose; then fail "$class" "$message"; fi
    fail docker.down "$(complaint)"
  fi
}

# here IMAGE: whether the server has it; its id into the file here
here() {
  limited 20 docker image inspect --format '{{.Id}}' -- "$1" >"$run/here" 2>/dev/null
  hung
  [ "$rc" -eq 0 ]
}

# pull SERVICE...: gets their images, before anything is stopped. The registry is asked for tags, which may have moved since the run was planned.
pull() {
  fetched=" $* "
  if [ -f "$run/past" ]; then
    recall
    return
  fi
  while IFS=$tab read -r name image _; do
    case $fetched in *" $name "*) ;; *) continue ;; esac
    case $image in sha256:*) here "$image" || fail image.not_found "The image $image is not on the server, and by its id it cannot be pulled" "$name" ;; esac
  done <"$run/services"
  logged_in watched "$pull_seconds" "$new" '' "$new" pull -- "$@"
  if [ "$rc" -ne 0 ]; then
    ended
    not_pulled
  fi
}

# The image that each service has got, by its id.
identify() {
  inspect
  ended
  [ "$rc" -eq 0 ] || not_here
  while IFS=$tab read -r name image _ built; do
    case $built$fetched in -*" $name "* | build*) ;; *) emit image "$name" "$image is already on the server" ;; esac
  done <"$run/services"
  paste -d "$tab" "$run/wanted" "$run/found" >"$run/pins" || unwritten 'The images cannot be recorded'
  # The digest by which the registry knows an image; if it has several names, that of its own.
  awk -F "$tab" '
    FILENAME == ARGV[1] { id[$1] = $2; digests[$1] = $4; next }
    {
      repository = $2
      sub(/@.*/, "", repository)
      sub(/:[^:\/]*$/, "", repository)
      sub(/^docker\.io\//, "", repository)
      sub(/^library\//, "", repository)
      count = split(digests[$2], each, ",")
      digest = "-"
      for (i = 1; i < count; i++) {
        if (index(each[i], "berth/") == 1) continue
        if (digest == "-" || index(each[i], repository "@") == 1) digest = each[i]
      }
      print $1 FS id[$2] FS ($4 == "build" ? "-" : digest) FS $2
    }' "$run/pins" "$run/services" >"$run/images" || unwritten 'The images cannot be recorded'
  awk -F "$tab" 'FILENAME == ARGV[1] { had[$1]; next } !($1 in had) && !seen[$1]++ { print $1 }' "$run/before" "$run/found" >>"$base/pulled"
}

# An image is missing: though pulling succeeded, if the pull_policy of its service forbids pulling it, or it has gone since the run was planned.
not_here() {
  if diagnose; then fail "$class" "$message"; fi
  while IFS=$tab read -r name image _; do
    if here "$image"; then continue; fi
    case $fetched in
      *" $name "*) ;;
      *) fail image.gone "The image $image of the service $name was on the server when the run was planned" "$name" ;;
    esac
    fail image.not_found "The image $image is not on the server, and the pull_policy of the service $name does not let it be pulled" "$name"
  done <"$run/services"
  fail image.not_found "$(complaint)"
}

# Uses the recorded image of every service by id. A missing one is pulled by digest, never by tag.
recall() {
  awk -F "$tab" '
    FILENAME == ARGV[1] { past[$1] = $2 FS $3; next }
    $1 in past { print $1 FS past[$1] FS $2; next }
    $2 ~ /@sha256:/ { print $1 FS "-" FS $2 FS $2; next }
    { print $1 FS ($2 ~ /^sha256:/ ? $2 : "-") FS "-" FS $2 }' "$run/past" "$run/services" >"$run/images" ||
    unwritten 'The images cannot be recorded'
  cut -f 2 "$run/images" | sort -u >"$run/wanted"
  inspect
  ended
  if [ "$rc" -ne 0 ]; then
    if diagnose; then fail "$class" "$message"; fi
    fetch_all
    cut -f 2 "$run/images" | sort -u >"$run/wanted"
    inspect
    ended
    [ "$rc" -eq 0 ] || fail image.gone "$(complaint)"
  fi
  while IFS=$tab read -r name image _; do emit image "$name" "$image is already on the server"; done <"$run/services"
}

fetch_all() {
  mv "$run/images" "$run/past"
  : >"$run/images"
  while IFS=$tab read -r name id digest image; do
    if [ "$id" = - ] || ! here "$id"; then fetch; fi
    printf '%s\t%s\t%s\t%s\n' "$name" "$id" "$digest" "$image" >>"$run/images"
  done <"$run/past"
}

# fetch: pulls image $digest of service $name; sets $id, which depends on how this Docker stores images
fetch() {
  if [ -f "$values/fresh" ] && grep -Fxq -e "$name" "$values/fresh"; then
    fetch_by_name
    return
  fi
  lost="The image that the service $name had in release $release is not on the server"
  [ "$digest" != - ] || fail image.gone "$lost, and no registry knows it by a digest" "$name"
  if ! here "$digest"; then
    emit image "$name" 'Pulling'
    set -- docker pull --quiet
    platform=$(awk -F "$tab" -v name="$name" '$1 == name { print $3; exit }' "$run/services")
    if [ "$platform" != - ]; then set -- "$@" --platform "$platform"; fi
    logged_in limited "$pull_seconds" "$@" -- "$digest" >"$run/out" 2>&1
    if [ "$rc" -ne 0 ]; then
      ended
      missing=image.gone
      not_pulled
    fi
    emit image "$name" 'Pulled'
  fi
  here "$digest" || fail image.gone "$lost" "$name"
  IFS= read -r id <"$run/here"
}

# fetch_by_name: pulls $image of service $name, which no release had; sets $id and $digest
fetch_by_name() {
  emit image "$name" 'Pulling'
  had=
  if here "$image"; then had=$(cat "$run/here"); fi
  logged_in limited "$pull_seconds" docker pull --quiet -- "$image" >"$run/out" 2>&1
  if [ "$rc" -ne 0 ]; then
    ended
    not_pulled
  fi
  limited 20 docker image inspect --format "{{.Id}}$tab{{range .RepoDigests}}{{.}},{{end}}" -- "$image" >"$run/here" 2>"$run/out"
  ended
  [ "$rc" -eq 0 ] || fail image.not_found "$(complaint)" "$name"
  IFS=$tab read -r id digests <"$run/here"
  digest=${digests%%,*} digest=${digest:--}
  if [ "$id" != "$had" ]; then printf '%s\n' "$id" >>"$base/pulled"; fi
  emit image "$name" 'Pulled'
}

# Checks that this server can run the platform of every image.
runs_here() {
  here=$(architecture)
  while IFS=$tab read -r id platform _; do
    case $here/${platform#linux/} in
      "$here/$here" | arm64/arm | amd64/386) ;;
      *)
        [ -e "/proc/sys/fs/binfmt_misc/qemu-$(emulated "${platform#*/}")" ] ||
          fail arch.mismatch "An image is made for $platform and this server is linux/$here"
        ;;
    esac
  done <"$run/found"
}

emulated() { case $1 in amd64) printf x86_64 ;; arm64) printf aarch64 ;; *) printf '%s' "$1" ;; esac }

# Why a pull failed. Docker says so only in words, which differ between versions and image stores.
not_pulled() {
  words=$(complaint)
  case $(tr '[:upper:]' '[:lower:]' <"$run/out") in
    *'no matching manifest'* | *'no match for platform'* | *'does not match the specified platform'* | *'does not provide the specified platform'*)
      fail arch.mismatch "$words"
      ;;
    *'no space left on device'*) fail disk.full "$words" ;;
    *'manifest unknown'* | *'manifest for '*' not found'* | *'not found: manifest'* | *'name unknown'*) fail "${missing-image.not_found}" "$words" ;;
    *' denied'* | *unauthorized* | *'authentication required'* | *'no basic auth'* | *forbidden*) refused_pull "$words" ;;
    *'invalid reference format'*) fail compose.invalid "$words" ;;
    *': not found'*) fail "${missing-image.not_found}" "$words" ;;
  esac
  # If one pull fails, Compose reports for every other service that it cannot connect to Docker: ask Docker itself.
  if diagnose; then fail "$class" "$message"; fi
  case $words in
    *'x509: '* | *'signed by unknown authority'* | *'server gave HTTP response to HTTPS client'* | *'failed to verify certificate'*) fail registry.untrusted "$words" ;;
  esac
  others=$(printf '%s\n' "$words" | grep -v 'Cannot connect to the Docker daemon')
  fail registry.unavailable "${others:-$words}"
}
