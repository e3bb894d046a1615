# Prepares a release: disk space, ownership of the app's folder, the live release ($previous), its files.

enough_disk() {
  number min_free_mb 200 && wanted=$value
  root=$(docker_root)
  df -Pk "$root" "$base" 2>/dev/null | awk 'NR > 1 { print int($4 / 1024) }' >"$run/free"
  place=$root
  while read -r free; do
    [ "$free" -ge "$wanted" ] || fail disk.full "$free MB are free on $place and $wanted MB are needed"
    place=$base
  done <"$run/free"
}

# Checks that the folder belongs to this app, and finds the release to restore after a failure.
claim() {
  part || fail docker.down 'Docker does not answer'
  case $app_id in '' | *[!A-Za-z0-9._/-]*) fail internal 'The owner has no proper name' ;; esac
  case $release in '' | 0 | *[!0-9]*) fail internal 'The release has no number' ;; esac
  command -v docker >/dev/null || fail docker.missing 'Docker is not installed'
  if [ -f "$own/owner" ]; then
    owned
  else
    if [ -e "$run/changed" ]; then
      strangers=
    elif ! strangers=$(timeout 20 docker ps -aq --filter "label=$label.project=$project" 2>/dev/null); then
      if diagnose; then fail "$class" "$message"; fi
      fail docker.down 'Docker does not answer'
    fi
    if [ -n "$strangers" ]; then
      fail conflict "Containers of a project called $project are here already, and Berth did not start them"
    fi
    mkdir -p "$app" "$own/releases" && printf '%s\n' "$app_id" >"$own/owner" || unwritten "$app cannot be made"
  fi
  if [ -f "$run/previous" ]; then
    IFS= read -r previous <"$run/previous" || :
    # When a release is redeployed, its copy may already have been restored before the server went down.
    if [ "$previous" != before ] || [ -d "$own/before" ]; then return; fi
  fi
  previous=$(readlink "$own/current") || previous=
  heal
  if [ "$previous" = "releases/$release" ] && [ -d "$new" ]; then
    previous=before
    rm -rf "$own/before" && cp -R "$new" "$own/before" && beside "$release" before ||
      unwritten 'The running release cannot be kept aside'
  fi
  printf '%s\n' "$previous" >"$run/previous"
}

# beside RELEASE TO: copies what is kept beside a release
beside() {
  rm -f "$own/$2.resolved.yaml"
  cp "$own/$1.pinned.yaml" "$own/$2.pinned.yaml" && cp "$own/$1.sources" "$own/$2.sources" &&
    { [ ! -f "$own/$1.resolved.yaml" ] || cp "$own/$1.resolved.yaml" "$own/$2.resolved.yaml"; }
}

# Repairs what an interrupted run left: puts one release back in place and removes what was unpacked.
heal() {
  for folder in "$own"/releases/*.new; do if [ -e "$folder" ]; then rm -rf "$folder"; fi; done
  for folder in "$own"/releases/*.old; do
    if [ ! -e "$folder" ]; then continue; fi
    if [ -e "${folder%.old}" ]; then rm -rf "$folder"; else mv "$folder" "${folder%.old}"; fi
  done
  if [ -n "$previous" ] && [ ! -e "$own/$previous" ]; then from_before "${previous##*/}"; fi
}

unpack() {
  if [ -e "$new.new" ] || [ -e "$new.old" ]; then rm -rf "$new.new" "$new.old"; fi
  mkdir -p "$new.new" || unwritten "$new cannot be made"
  for entry in "$run/files/"*.path; do
    [ -f "$entry" ] || fail compose.invalid 'The release has no files'
    path=$(cat "$entry" && printf x) && path=${path%x}
    within "$path" || fail compose.invalid 'A file of the release is outside it'
    case $path in */*) mkdir -p "$new.new/${path%/*}" || unwritten 'The release cannot be stored' ;; esac
    cat "${entry%.path}.content" >"$new.new/$path" || unwritten 'The release cannot be stored'
    if [ -f "${entry%.path}.executable" ]; then chmod +x "$new.new/$path"; fi
  done
  if [ ! -f "$run/unsent" ]; then place_large; fi
  if [ -f "$values/compose_files" ]; then cat "$values/compose_files"; else printf 'compose.yaml\n'; fi >"$run/asked"
  while IFS= read -r path; do [ -f "$new.new/$path" ] || fail compose.invalid "The release has no $path"; done <"$run/asked"
  [ -f "$new.new/.env" ] || : >"$new.new/.env"
  chmod 600 "$new.new/.env"
  if [ -e "$new" ]; then mv "$new" "$new.old"; else : >"$run/fresh"; fi
  mv "$new.new" "$new" || unwritten 'The release cannot be stored'
  if [ -e "$new.old" ]; then rm -rf "$new.old"; fi
}

# within PATH: whether it cannot lead out of a folder
within() { case /$1/ in *//* | */./* | */../*) return 1 ;; esac }
