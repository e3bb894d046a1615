# What services are built from, and building it. Reads $values, $new, built; writes source, part, asked; sets $built_from.

# Asks the caller for the archives that are not here: a line with the name of one is answered by a line with its length, and its bytes. A
# length of 0 says that it is no longer kept. What has arrived stays, so that a caller whose line broke sends only the rest. Large files that
# the release has here, as one has that is rolled back to, are not asked for.
receive() {
  number release 0 && release=$value
  value project ''
  {
    if [ -f "$values/archives" ] && [ ! -f "$values/carried" ]; then cat "$values/archives"; fi
    if [ -f "$values/mounted" ] && ! has_large "$base/state/$value/releases/$release"; then cat "$values/mounted"; fi
  } >"$scratch/asked"
  [ -s "$scratch/asked" ] || return 0
  command -v sha256sum >/dev/null || answer 69 tool.missing 'sha256sum is not installed'
  { mkdir -p "$base/archives" && rm -f "$base/archives/"*.new; } 2>"$scratch/why" || unwritten_here 'What was sent cannot be stored'
  exec 4<"$scratch/asked"
  while IFS= read -r hash <&4; do
    case $hash in '' | *[!0-9a-f]*) answer 1 internal 'An archive has no proper name' ;; esac
    if [ -e "$run/exit" ]; then break; fi # it was canceled meanwhile
    if [ -e "$base/archives/$hash" ]; then continue; fi
    [ -n "${said-}" ] || printf 'berth 1 %s\n' "$from"
    said=1
    printf 'w\t%s\n' "$hash"
    # Nobody else can change this server meanwhile: a caller that has died without a word is not waited for.
    size=$(timeout 60 sh -c 'IFS= read -r size && printf "%s" "$size"') || exit 1
    case $size in '' | *[!0-9]*) answer 1 internal 'An archive has no proper length' ;; esac
    [ "$size" -gt 0 ] || answer 1 archive.gone 'What the release is made of is no longer kept'
    timeout 600 head -c "$size" >"$base/archives/$hash.new" 2>"$scratch/why" || unwritten_here 'What was sent cannot be stored'
    sum=$(sha256sum <"$base/archives/$hash.new")
    if [ "${sum%% *}" != "$hash" ]; then rm -f "$base/archives/$hash.new" && exit 1; fi
    mv "$base/archives/$hash.new" "$base/archives/$hash" 2>"$scratch/why" || unwritten_here 'What was sent cannot be stored'
  done
  exec 4<&-
}

# build SERVICE...: from the project's folder as it was sent. Nothing that runs is touched. The images of a run that is started again are recorded.
build() {
  if [ -f "$run/past" ]; then return; fi
  number build_free_mb 500 && free=$(free_mb "$(docker_root)")
  [ "$free" -ge "$value" ] || fail disk.full "$free MB are free and a build needs $value MB"
  number build_seconds 1800 && build_seconds=$value
  source_from || unwritten 'The files to build from cannot be put in place'
  (exec 8>&- 9>&- && yielding) &
  yielder=$!
  logged_in watched "$build_seconds" "$new" '' "$built_from" build -- "$@"
  kill "$yielder" && wait "$yielder" 2>/dev/null
  weigh 1024 100
  rm -rf "$built_from"
  if [ "$rc" -ne 0 ]; then not_built; fi
}

# reuse SERVICE...: the image that the live release has of each gets the name that a build would give it. What is gone meanwhile is built.
reuse() {
  if [ -f "$run/past" ]; then return; fi
  live=$(readlink "$own/current") || live=
  kept=" $* "
  set --
  while IFS=$tab read -r name image _; do
    case $kept in *" $name "*) ;; *) continue ;; esac
    id=$(awk -F "$tab" -v name="$name" '$1 == name { print $2 }' "$own/${live##*/}.images" 2>/dev/null)
    [ -n "$id" ] && timeout 20 docker image tag -- "$id" "$image" >/dev/null 2>&1 || set -- "$@" "$name"
  done <"$run/built"
  if [ $# -eq 0 ]; then return; fi
  if [ -f "$values/carried" ]; then fail image.gone 'The image of the live release is not here any more' "$1"; fi
  build "$@"
}

# Lets what serves go before the commands of a build, as long as the run is alive: they appear one after the other.
yielding() {
  while alive; do
    weigh 102 10
    sleep 1
  done
}

# weigh SHARES WEIGHT: the commands of all builds, in cgroup v1 or v2. Docker has them in one group, and with systemd each in one of its own. Only
# root may do so.
weigh() {
  groups=/sys/fs/cgroup
  for group in "$groups/docker/buildkit" "$groups/cpu/docker/buildkit" "$groups/system.slice/system.slice:docker:"* \
    "$groups/cpu/system.slice/system.slice:docker:"*; do
    if [ -w "$group/cpu.shares" ]; then printf '%s\n' "$1" >"$group/cpu.shares"; fi
    if [ -w "$group/cpu.weight" ]; then printf '%s\n' "$2" >"$group/cpu.weight"; fi
  done 2>/dev/null
}

# The project's folder in $built_from: the archives, and over them of the release what a build may read. Its variables are no file of the project.
# BuildKit takes a file of the same size and time for unchanged, and those of an archive have no time: they get that of now.
source_from() {
  built_from=$run/source
  rm -rf "$built_from" && mkdir "$built_from" || return 1
  if [ -f "$values/archives" ]; then
    while IFS= read -r hash; do
      into=$built_from
      if has_links; then
        into=$run/part
        rm -rf "$into" && mkdir "$into" || return 1
      fi
      limited 300 tar -xzomf "$base/archives/$hash" -C "$into" 2>>"$run/trace"
      [ "$rc" -eq 0 ] || return 1
      [ "$into" = "$built_from" ] || lay_part || return 1
    done <"$values/archives"
  fi
  rm -rf "$run/part" && cp -R "$new" "$run/part" && rm -f "$run/part/.env" "$run/part/.berth-images.yaml" || return 1
  if [ -f "$values/large" ]; then cut -f 4 "$values/large" | while IFS= read -r path; do rm -f "$run/part/$path"; done; fi
  if [ ! -f "$values/compose_files" ]; then rm -f "$run/part/compose.yaml"; fi
  lay_part && rm -rf "$run/part" || return 1
  odd=$(find "$built_from" ! -type f ! -type d ! -type l | head -n 1)
  if [ -n "$odd" ]; then
    printf '%s\n' "${odd#"$built_from/"} is neither a file nor a folder nor a link" >>"$run/trace"
    return 1
  fi
  stays_inside
}

# Whether there are links in $built_from, through which another archive could write. Opens its folders for what is still to come.
has_links() { [ "$(find "$built_from" -type l -print -o -type d ! -perm -700 -exec chmod u+rwx {} + | wc -l)" -gt 0 ]; }

# Puts part over $built_from. A link that is in the way goes, so that nothing is ever written through one that another archive has brought.
lay_part() {
  {
    find "$run/part" -type d ! -perm -700 -exec chmod u+rwx {} + &&
      (cd "$run/part" && find . -exec sh -c 'for each; do if [ -L "$0/$each" ]; then rm -f "$0/$each"; fi; done' "$built_from" {} +) &&
      cp -RPp "$run/part/." "$built_from"
  } 2>>"$run/trace"
}

# A context, a Dockerfile or a secret may be behind links, but only in the project's folder: Docker would follow any other to the server's files.
stays_inside() {
  inside=$(cd "$built_from" && pwd -P) || return 1
  { cat "$run/contexts" && awk -F "$tab" '$2 == "file" { print substr($0, length($1) + 7) }' "$run/defined"; } >"$run/behind" || return 1
  while IFS= read -r path; do
    case $path/ in "$new/"*) ;; *) continue ;; esac
    path=${path#"$new"}
    found=$(readlink -f "$built_from$path") || continue
    case $found/ in
      "$inside/"*) ;;
      *)
        printf '%s\n' "${path#/} is a link to what is outside the project's folder" >>"$run/trace"
        return 1
        ;;
    esac
  done <"$run/behind"
}

# Why a build failed: the last thing that BuildKit says, and above it all that the part said which failed, without its number.
not_built() {
  if [ "$rc" -eq 124 ] && [ ! -e "$run/canceled" ]; then
    in_time
    if diagnose; then fail "$class" "$message"; fi
    span "$build_seconds"
    fail timeout "The build has not ended after $span"
  fi
  ended
  words=$(grep -v '^time=' "$run/out" | tail -n 1 | sed "$plainly")
  name=$(sed -n 's/^ > \[\([A-Za-z0-9._-]*\)[] ].*/\1/p' "$run/out" | tail -n 1)
  part=$(sed -n 's/^#\([0-9]*\) ERROR.*/\1/p' "$run/out" | tail -n 1)
  awk -v own="#$part " '/^#[0-9]+ / { if (index($0, own) == 1) print substr($0, length(own) + 1); next }
    $0 == "------" { said = ""; next }
    /[^[:space:]]/ && !/^time=/ { said = said $0 "\n" }
    END { printf "%s", said }' "$run/out" | tail -n 40 >"$run/tail"
  case $(tr '[:upper:]' '[:lower:]' <"$run/out") in
    *'no space left on device'*) fail disk.full "$words" ;;
    *'failed to authorize'* | *'pull access denied'* | *' 401 unauthorized'* | *'authentication required'*) refused_pull "$words" ;;
  esac
  if diagnose; then fail "$class" "$message"; fi
  fail build.failed "$words" "$name"
}

# What BuildKit's parts say to each other before the reason.
plainly='s/^target [^:]*: failed to solve: /failed to solve: /
s/^failed to solve: \(.*: \)*failed to create LLB definition: //
s/^failed to solve: \(rpc error: code = [A-Za-z]* desc = \)*//'

# Tags by which only the build knew its images: the release has tags of its own.
forget_names() {
  if [ ! -s "$run/built" ]; then return; fi
  set --
  while IFS=$tab read -r _ image _; do set -- "$@" "$image"; done <"$run/built"
  limited 60 docker image rm --no-prune -- "$@" >"$run/out" 2>&1
}

# What this release is built from is kept, and of the build cache, which is looked at once an hour, what is new.
prune_builds() {
  if [ ! -d "$base/archives" ]; then return; fi
  for list in archives mounted; do
    { if [ -f "$values/$list" ]; then cat "$values/$list"; fi; } >"$own/$list"
  done
  prune_archives
  if [ ! -s "$run/built" ] || [ -n "$(find "$base/builder-pruned" -mmin -60 2>/dev/null)" ]; then return; fi
  : >"$base/builder-pruned"
  limited 120 docker builder prune --force --keep-storage 5GB >"$run/out" 2>&1
}

# Drops archives that neither a live release nor a run that may begin again is made from.
prune_archives() {
  cat "$base"/state/*/archives "$base"/state/*/mounted "$base"/runs/*/values/archives "$base"/runs/*/values/mounted 2>/dev/null | sort -u >"$run/kept"
  for archive in "$base/archives/"*; do if [ -e "$archive" ]; then printf '%s\n' "${archive##*/}"; fi; done | without "$run/kept" |
    while IFS= read -r archive; do rm -f "$base/archives/$archive"; done
}
