# Operations on one file of a release: check, put, take, restore. Run in a process of their own, in the folder of $path.

# Two regular files with the same content; the second is in the app's folder.
same() { [ -f "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2"; }

# The file is as the release placed it. Compose files are always ours.
ours() {
  case $path in compose.yaml | .env | .berth-images.yaml | berth.generated.yaml) return 0 ;; esac
  if grep -Fxq -e "$path" "$run/values/compose_files" 2>/dev/null; then return 0; fi
  if same "$own/files/$path" "./$name"; then return 0; fi
  # The file that was being placed when the server went down.
  [ -f "$own/next" ] && [ "$(cat "$own/next.path" && printf x)" = "${path}x" ] && same "$own/next" "./$name"
}

executable() { [ -x "$1" ]; }

# The file equals that of the release. Its mode counts only if the release changed it, not if the app did.
in_place() {
  same "$next/$path" "./$name" || return 1
  if [ -f "$own/files/$path" ]; then
    if executable "$next/$path"; then executable "$own/files/$path"; else ! executable "$own/files/$path"; fi
  else
    ! executable "$next/$path" || executable "./$name"
  fi
}

# keep LIST: adds the path to a list for reporting
keep() { { printf '%.200s' "$path" | tr '\000-\037\177' '?' && printf '\n'; } >>"$run/$1"; }

# Moves the file out of the app's folder, so that a failure can restore it.
set_aside() { mkdir -p "$run/aside/$folder" && rename "./$name" "$run/aside/$path"; }

rename() {
  mv -f -T "$1" "$2" 2>/dev/null && return
  rm -f "$2" && { mv -f -T "$1" "$2" 2>/dev/null || { link "$1" "$2" && rm -f "$1"; }; }
}

check_file() {
  enter
  case $? in
    0) ;;
    1) return ;;
    *) blocked "$obstacle" ;;
  esac
  if [ -L "./$name" ]; then return; fi
  if [ -d "./$name" ]; then
    # Docker creates a folder for a missing bind mount source, and an earlier release may have had a folder here.
    (cd "$app" && find "./$path" ! -type d -exec sh "$run/runner.sh" --files spare "$run" "$app" "$own" "$next" "$replace" {} +) ||
      blocked "$path is a folder on the server with files in it, and the release has a file there"
  elif [ -n "$replace" ] && [ -e "./$name" ] && ! in_place && ! ours; then
    printf '%s\n' "$path" >>"$run/replacing"
  fi
}

# A file that is removed before anything is placed where its folder is.
spare_file() { enter && [ -f "./$name" ] && [ ! -L "./$name" ] && [ -f "$own/files/$path" ] && { [ -n "$replace" ] || ours; } || exit 1; }

source_file() {
  enter
  case $?$obstacle in
    0) ;;
    *' is a link on the server') blocked "$obstacle, and a service mounts what is behind it" ;;
    *) return ;;
  esac
  if [ -L "./$name" ] && [ ! -f "$next/$path" ]; then blocked "$path is a link on the server, and a service mounts what is behind it"; fi
}

put_file() {
  enter make || blocked "$obstacle"
  if [ -L "./$name" ]; then
    keep links
  elif [ -d "./$name" ]; then
    (cd "$app" && find "./$path" -depth -type d -exec sh "$run/runner.sh" --files empty "$run" "$app" "$own" "$next" '' {} +)
    [ ! -d "./$name" ] || blocked "$path is a folder on the server with files in it, and the release has a file there"
  elif in_place; then
    return
  elif [ -e "./$name" ] && ! same "$next/$path" "./$name" && ! ours; then
    if [ -z "$replace" ]; then
      keep stays
      return
    fi
    set_aside || broken
  fi
  rm -f "$own/next" && printf '%s' "$path" >"$own/next.path" && ln "$next/$path" "$own/next" || broken
  cp -p "$next/$path" "$own/staged" && rename "$own/staged" "./$name" || broken
  mkdir -p "$own/files/$folder" && rename "$own/next" "$own/files/$path" || broken
}

take_file() {
  if [ -f "$next/$path" ]; then return; fi
  if enter; then
    if [ -L "./$name" ] || { [ -f "./$name" ] && ours; }; then
      if ! rm -f "./$name"; then
        if [ "$next" != "$run/none" ]; then broken; fi
        keep undeleted
      fi
    elif [ -f "./$name" ] && [ -n "$replace" ]; then
      set_aside || broken
    elif [ -e "./$name" ]; then
      keep stays
    fi
  fi
  rm -f "$own/files/$path" || broken
}

# Once the release is healthy, a file with its content counts as placed by it.
adopt_file() {
  if [ "$next/$path" -ef "$own/files/$path" ]; then return; fi
  if enter && same "$next/$path" "./$name"; then mkdir -p "$own/files/$folder" && ln -f "$next/$path" "$own/files/$path" || broken; fi
}

back_file() {
  if ! enter make; then return; fi
  if [ ! -e "./$name" ] && [ ! -L "./$name" ] || { [ -f "./$name" ] && ours; }; then rename "$run/aside/$path" "./$name" || broken; fi
}

# Places a release's files in the app's folder and removes those that only the previous one had. Unchanged files are not touched, and
# files that were changed on the server are kept.
lay() {
  rm -f "$run/stays" "$run/links"
  if [ ! -f "$1/.env" ]; then
    message="The files of the release ${1##*/} are not on the server any more"
    return 1
  fi
  files take "$own/files" "$1" || return 1
  find "$own/files" -depth -type d -exec rmdir {} + 2>/dev/null
  laid=${1#"$own/"}
  printf '%s\n' "$laid" >"$own/laid" && files put "$1" "$1" || return 1
  tell stays 'Changed on the server, so kept as it is there: ' '. To have the files of the release instead: berth deploy --replace-files'
  tell links 'A link on the server was in the place of ' '. It is the file of the release again.'
}

# tell LIST BEFORE AFTER: reports the files in a list, a few by name
tell() {
  if [ ! -s "$run/$1" ]; then return; fi
  emit note '' "$2$(awk '
    NR <= 5 { names = names (NR > 1 ? ", " : "") $0 }
    END { print names (NR > 5 ? " and " (NR - 5) " more" : "") }' "$run/$1")$3"
  rm -f "$run/$1"
}

# The release whose files are in the app's folder, into $laid; empty if none
laid() {
  laid=
  if [ -f "$own/laid" ]; then IFS= read -r laid <"$own/laid"; fi
  if [ ! -d "$own/$laid" ]; then laid=; fi
}
