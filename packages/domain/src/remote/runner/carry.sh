# Images that one server has built and others run. Reads $values, $scratch, $base, built; writes carried.

# The operation save: the images of services, as a release of this server has them, in one pack: a line with its length, and its bytes. Where it
# changed nothing here, they are those of the live release.
save() {
  value project '' && project=$value
  plain "$project" || answer 1 internal 'The app has no proper name'
  number release 0 && release=$value
  if diagnose; then answer 69 "$class" "$message"; fi
  own=$base/state/$project
  recent=$release
  if [ ! -f "$own/$release.images" ]; then recent=$(readlink "$own/current") && recent=${recent##*/}; fi
  set --
  while IFS= read -r name; do
    tag_of "$name" "$recent" && had=$tag && tag_of "$name" "$release" && set -- "$@" "$tag"
    [ "$had" = "$tag" ] || timeout 20 docker image tag -- "$had" "$tag" 2>"$scratch/why" || answer 1 image.gone "$(tail -n 1 "$scratch/why")"
  done <"$values/services"
  timeout 20 docker image inspect --format '{{.Size}}' -- "$@" >"$scratch/sizes" 2>"$scratch/why" ||
    answer 1 image.gone "$(tail -n 1 "$scratch/why")"
  wanted=$(awk '{ sum += $1 } END { print int(sum / 1048576) + 1 }' "$scratch/sizes")
  free=$(free_mb "$base")
  [ "$free" -gt "$wanted" ] || answer 1 disk.full "$free MB are free on $base and the images to be packed take up to $wanted MB"
  find "$base" -maxdepth 1 -name 'packed.*' -mmin +60 -exec rm -f {} +
  trap 'rm -rf "$scratch" "$pack"' EXIT
  pack=$(mktemp "$base/packed.XXXXXXXX" 2>"$scratch/why") || unwritten_here 'The images cannot be packed'
  { timeout 540 docker image save -- "$@" 2>"$scratch/why" || printf '%s\n' "$?" >"$scratch/failed"; } | gzip -1 >"$pack"
  if [ "$recent" != "$release" ]; then timeout 20 docker image rm --no-prune -- "$@" >/dev/null 2>&1; fi
  words=$(tail -n 1 "$scratch/why")
  [ ! -e "$scratch/failed" ] || answer 1 internal "The images cannot be packed: $words"
  printf 'berth 1 0\ni\t%s\n' "$(wc -c <"$pack" | tr -d ' ')"
  cat "$pack"
}

# Asks the caller for the images that the plan has carried: a line with their services is answered by a line with the length of the pack, and its
# bytes. Empty lines come while they are packed. A length of 0 comes with the reason. Sets $carried.
ask_for_carried() {
  rm -f "$base/carried"
  wanted=$(sed -n 's/^carry //p' "$scratch/operations")
  [ -n "$wanted" ] || return 0
  printf 'i\t%s\n' "$wanted"
  size=
  until [ -n "$size" ]; do size=$(timeout 60 sh -c 'IFS= read -r size && printf "%s" "$size"') || exit 1; done
  case $size in
    '0 '*) answer 1 image.gone "${size#0 }" ;;
    *[!0-9]*) answer 1 internal 'What was built has no proper length' ;;
  esac
  free=$(free_mb "$base")
  wanted=$((size * 3 / 1048576))
  [ "$free" -gt "$wanted" ] || answer 1 disk.full "$free MB are free on $base and the images that are to come take about $wanted MB"
  timeout 600 head -c "$size" >"$base/carried" 2>"$scratch/why" || unwritten_here 'What was built cannot be stored'
  [ "$(wc -c <"$base/carried")" -eq "$size" ] || { rm -f "$base/carried" && exit 1; }
  carried=1
}

# What came for this run, whose folder is there by now. One that is started again keeps its own.
keep_carried() { if [ -n "${carried-}" ]; then mv "$base/carried" "$run/carried"; fi; }

# carry SERVICE...: their images, as another server has built them, get the names that a build would give them. A run that is started again may
# have them already.
carry() {
  if [ -f "$run/past" ]; then return; fi
  : >"$run/ours"
  for name; do tag_of "$name" "$release" && printf '%s\n' "$tag" >>"$run/ours"; done
  if [ -f "$run/carried" ]; then
    only_ours || fail image.gone 'What came from the server that built the images has other images in it, or none'
    limited "$pull_seconds" docker image load --input "$run/carried" >"$run/out" 2>&1
    if [ "$rc" -ne 0 ]; then
      ended
      if diagnose; then fail "$class" "$message"; fi
      case $(cat "$run/out") in *'no space left on device'*) fail disk.full "$(complaint)" ;; esac
      fail internal "$(complaint)"
    fi
  fi
  for name; do
    tag_of "$name" "$release"
    image=$(awk -F "$tab" -v name="$name" '$1 == name { print $2; exit }' "$run/built")
    limited 20 docker image tag -- "$tag" "$image" >"$run/out" 2>&1
    hung
    [ "$rc" -eq 0 ] || fail image.gone "$(complaint)" "$name"
    emit image "$name" 'Came from the server that built it'
  done
  rm -f "$run/carried"
}

# Whether the pack has just the files of images and names just those that are wanted: loading it must not give another app's image, or any other, a
# new meaning. Docker reads the names in manifest.json, or in index.json, as they are once all is unpacked, with keys in capitals or not.
only_ours() {
  looked -tzf || return 1
  hash='[0-9a-f]{64}'
  if grep -qvxE "(\./)?((manifest|index|$hash)\.json|oci-layout|repositories|blobs/(sha256/($hash)?)?|$hash\.tar|$hash/(json|VERSION|layer\.tar)?)" "$run/named"; then
    return 1
  fi
  [ -z "$(sed 's|^\./||' "$run/named" | grep '^[a-z]*\.json$' | sort | uniq -d)" ] || return 1
  timeout 600 tar -tvzf "$run/carried" 2>/dev/null |
    awk '(!/^[-d]/ || / (->|link to) /) && !/\/layer\.tar (->|link to) / { exit odd = 1 } END { exit odd }' || return 1
  looked -xzOf manifest.json ./manifest.json index.json ./index.json # some of them are not there
  [ "$(wc -c <"$run/named")" -lt 1048576 ] || return 1
  [ "$(LC_ALL=C tr -d '\n\r\t -~' <"$run/named" | wc -c)" -eq 0 ] || return 1
  tr -d '\n\r\t ' <"$run/named" | tr '[:upper:]' '[:lower:]' | awk '
    FILENAME == ARGV[1] { ours[$0]; ours["docker.io/" $0]; sub(/.*:/, ""); tags[$0]; next }
    /\\/ { strange = 1 }
    {
      text = $0
      while (match(text, /"repotags":\[[^]]*\]/)) {
        count = split(substr(text, RSTART + 12, RLENGTH - 13), name, ",")
        for (i = 1; i <= count; i++) check(name[i])
        text = substr(text, RSTART + RLENGTH)
        manifest = 1
      }
      text = $0
      while (match(text, /"io\.containerd\.image\.name":"[^"]*"/)) {
        check(substr(text, RSTART + 28, RLENGTH - 28))
        text = substr(text, RSTART + RLENGTH)
      }
      text = $0
      while (match(text, /"org\.opencontainers\.image\.ref\.name":"[^"]*"/)) {
        named = substr(text, RSTART + 37, RLENGTH - 38)
        if (!(named in tags)) check(named)
        text = substr(text, RSTART + RLENGTH)
      }
    }
    function check(quoted) {
      gsub(/"/, "", quoted)
      if (!(quoted in ours)) strange = 1
    }
    END { exit strange || !manifest }' "$run/ours" -
}

# looked OPTIONS [FILE...]: what tar tells of the pack, as far as it is no more than any image has: little can be packed that is endless unpacked
looked() {
  options=$1
  shift
  (ulimit -f 2048 && exec timeout 600 tar "$options" "$run/carried" "$@") >"$run/named" 2>/dev/null
}
