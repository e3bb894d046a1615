# The app's folder. Its containers may write to it: change files, or replace a folder by a link, at any moment. Therefore
# - every file is kept outside as it was placed; a file that differs was changed on the server, and stays
# - a path is entered folder by folder, none of which may be a link; then only names in the current folder are used
# - a file is written outside and moved in by rename(2), which replaces a link and does not follow it

# files WHAT FOLDER RELEASE [TEST...]: does WHAT for the path of every file in a folder of ours, in processes of their own, because they
# change folders. RELEASE is the one to be placed. On failure $message says why.
files() {
  what=$1 folder=$2 next=$3
  shift 3
  [ -d "$folder" ] || return 0
  if [ $# -eq 0 ]; then set -- -type f; fi
  rm -f "$run/obstacle" "$run/broken"
  limited 300 sh -c 'run=$1 what=$2 folder=$3 app=$4 own=$5 next=$6 replace=$7
    shift 7
    cd "$folder" && exec find . "$@" -exec sh "$run/runner.sh" --files "$what" "$run" "$app" "$own" "$next" "$replace" {} +' \
    sh "$run" "$what" "$folder" "$app" "$own" "$next" "$replace" "$@" 2>"$run/out"
  if [ "$rc" -eq 0 ]; then return; fi
  line "$run/obstacle" && message=$value
  if [ -z "$message" ]; then
    message=$(tail -n 1 "$run/out")
    line "$run/broken" && message=${value:+$value: }$message
  fi
  return 1
}

in_the_way() {
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  if [ -e "$run/obstacle" ]; then
    case $message in 'The user '*' may not enter '*) fail folder.denied "$message" ;; esac
    fail files.conflict "$message"
  fi
  if [ "$rc" -eq 124 ]; then fail timeout 'The files of the app took too long'; fi
  unwritable "$message" 'The files of the app cannot be put in place'
  fail "$class" "$message"
}

# sources LIST RELEASE: checks that no mounted path leads through a link to elsewhere on the server.
sources() {
  [ -s "$1" ] || return 0
  while IFS=$tab read -r who source; do
    if [ "$source" = . ]; then continue; fi
    sh "$run/runner.sh" --files source "$run" "$app" "$own" "$2" "$replace" "$source" 2>/dev/null && continue
    line "$run/obstacle" && message=$value
    return 1
  done <"$1"
}

# The part that runs in a process of its own.
each_file() {
  umask 022
  what=$1 run=$2 app=$3 own=$4 next=$5 replace=$6
  shift 6
  root=$(cd -P "$app" && pwd -P && printf x) || exit 1
  root=${root%?x}
  at=none obstacle=''
  for path do
    path=${path#./}
    name=${path##*/} folder=${path%"${path##*/}"} folder=${folder%/}
    case $what in
      check) check_file ;;
      put) put_file ;;
      take) take_file ;;
      placed) enter && same "$own/files/$path" "./$name" || exit 1 ;;
      adopt) adopt_file ;;
      back) back_file ;;
      spare) spare_file ;;
      source) source_file ;;
      empty) if enter; then rmdir "./$name" 2>/dev/null || :; fi ;;
    esac
  done
  exit 0
}

# enter [MAKE]: changes to $folder in the app's folder. Returns 1 if it is missing, 2 if something else is there, which $obstacle names.
enter() {
  if [ "$at" = "$folder" ]; then return; fi
  at=none way='' rest=$folder obstacle=''
  cd -P "$app" || exit 1
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    way=${way:+$way/}$part
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    if [ -L "./$part" ]; then
      obstacle="$way is a link on the server"
      return 2
    fi
    if [ ! -d "./$part" ]; then
      if [ -e "./$part" ]; then
        # The file is removed first, if it is as placed or may be replaced.
        if [ "$what" = check ] && [ -f "$own/files/$way" ] && { [ -n "$replace" ] || same "$own/files/$way" "./$part"; }; then return 1; fi
        obstacle="$way is a file on the server, and the release has a folder there"
        return 2
      fi
      [ -n "${1-}" ] || return 1
      mkdir "./$part" || broken
    fi
    # The folder entered must be the one checked: its path shows whether it was swapped meanwhile.
    if ! cd -P "./$part" 2>/dev/null && [ ! -x "./$part" ] && [ ! -L "./$part" ]; then
      obstacle="The user $(id -un) may not enter the folder $way on the server"
      return 2
    fi
    if [ "$(pwd -P && printf x)" != "$root/$way${newline}x" ]; then
      obstacle="$way is a link on the server"
      return 2
    fi
  done
  at=$folder
}

blocked() {
  printf '%.900s' "$1" | tr '\000-\037\177' '?' >"$run/obstacle"
  exit 3
}

# A system call failed: reports its message from stderr with the path.
broken() {
  printf '%.900s' "$path" | tr '\000-\037\177' '?' >"$run/broken"
  exit 1
}
