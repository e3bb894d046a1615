# One file of a release: checked, put, taken, put back. In a process of its own, in the folder of $path.

# Two regular files with the same content, the second in a folder that is not ours.
same() { [ -f "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2"; }

# What lies at the path is what was laid there. Compose's own files are ours whatever is in them.
ours() {
  case $path in compose.yaml | .env) return 0 ;; esac
  if same "$own/files/$path" "./$name"; then return 0; fi
  # The one that was being laid when the server went away
  [ -f "$own/next" ] && [ "$(cat "$own/next.path" && printf x)" = "${path}x" ] && same "$own/next" "./$name"
}

executable() { [ -x "$1" ]; }

# Of the release's file nothing is missing there. Its mode counts where the release changed it, not where the app did.
in_place() {
  same "$next/$path" "./$name" || return 1
  if [ -f "$own/files/$path" ]; then
    if executable "$next/$path"; then executable "$own/files/$path"; else ! executable "$own/files/$path"; fi
  else
    ! executable "$next/$path" || executable "./$name"
  fi
}

# keep LIST: remember the path, to tell of it
keep() { { printf '%.200s' "$path" | tr '\000-\037\177' '?' && printf '\n'; } >>"$run/$1"; }

# Out of the app's folder into ours, where a failure can take it back from.
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
    # Docker makes a folder for a source that is missing, and where a release had a folder there may be one still.
    (cd "$app" && find "./$path" ! -type d -exec sh "$run/runner.sh" --files spare "$run" "$app" "$own" "$next" "$replace" {} +) ||
      blocked "$path is a folder on the server with files in it, and the release has a file there"
  elif [ -n "$replace" ] && [ -e "./$name" ] && ! in_place && ! ours; then
    printf '%s\n' "$path" >>"$run/replacing"
  fi
}

# A file that goes before anything is put in the place of its folder.
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

# What is there as the release has it counts as laid by it, once the release is good.
adopt_file() {
  if [ "$next/$path" -ef "$own/files/$path" ]; then return; fi
  if enter && same "$next/$path" "./$name"; then mkdir -p "$own/files/$folder" && ln -f "$next/$path" "$own/files/$path" || broken; fi
}

back_file() {
  if ! enter make; then return; fi
  if [ ! -e "./$name" ] && [ ! -L "./$name" ] || { [ -f "./$name" ] && ours; }; then rename "$run/aside/$path" "./$name" || broken; fi
}

# Put a release's files into the app's folder and take out those that only the one before had. What did not change is not touched, and
# what was changed there is kept.
lay() {
  rm -f "$run/stays" "$run/links"
  if [ ! -f "$1/compose.yaml" ]; then
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

# tell LIST BEFORE AFTER: of the files in a list, a few by name
tell() {
  if [ ! -s "$run/$1" ]; then return; fi
  emit note '' "$2$(awk '
    NR <= 5 { names = names (NR > 1 ? ", " : "") $0 }
    END { print names (NR > 5 ? " and " (NR - 5) " more" : "") }' "$run/$1")$3"
  rm -f "$run/$1"
}

# Which release's files lie in the app's folder, into $laid; nothing when none do.
laid() {
  laid=
  if [ -f "$own/laid" ]; then IFS= read -r laid <"$own/laid"; fi
  if [ ! -d "$own/$laid" ]; then laid=; fi
}
