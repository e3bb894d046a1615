# Restores the previous release. Reads $previous; sets $rolled, $words, $down.

# Starts the previous release again from its own files and images; no tag is pulled and no volume is touched. Without a previous release,
# the new one is taken down.
restore() {
  step=restore
  emit step '' "${previous:-none}"
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + 3600))
  if [ -z "$previous" ]; then
    laid
    stopping
    watched "$down_seconds" "$own/$laid" "$own/${laid##*/}.pinned.yaml" "$app" down --remove-orphans
    files back "$run/aside" "$run/none" || emit log '' "$message"
    return
  fi
  replace='' only=''
  # Files that a container changed meanwhile are kept, and files that the failed release replaced are restored.
  if lay "$own/$previous" && files back "$run/aside" "$run/none" && sources "$own/${previous##*/}.sources" "$own/$laid"; then
    : >"$run/needs"
    compose 30 "$own/$laid" "$own/${laid##*/}.pinned.yaml" "$app" config >"$run/config" 2>"$run/out"
    if [ "$rc" -eq 0 ]; then read_needs; fi
    : >"$run/config"
    up --remove-orphans
    words=$(complaint)
    if [ "$rc" -ne 0 ]; then
      survey
      if [ "$bad" = docker.down ]; then await_docker; else bring_back; fi && {
        up --remove-orphans
        words=$(complaint)
      }
    fi
    if [ "$rc" -eq 0 ] && recovered; then rolled=true; fi
    measure
  else
    words=$message
  fi
  if [ "$rolled" = false ]; then
    printf '%s\n' "$words" >"$run/said"
    while IFS= read -r line; do emit log '' "The previous release could not be started again: $line"; done <"$run/said"
  fi
}

# Whether images of the previous release were missing and could be pulled by digest.
bring_back() {
  images=$own/${previous##*/}.images
  if [ "$previous" = before ]; then images=$own/$release.images; fi
  again=1
  while IFS=$tab read -r name id digest _; do
    if [ "$digest" = - ] || here "$id"; then continue; fi
    logged_in limited 120 docker pull --quiet -- "$digest" >"$run/out" 2>&1
    if [ "$rc" -eq 0 ]; then again=0; fi
  done <"$images"
  return "$again"
}

# Whether everything is healthy again, or at least running.
recovered() {
  settle_seconds=0
  waiting_since
  while :; do
    survey
    if { [ "$bad" = docker.down ] && await_docker; } || { [ "$bad" = start.failed ] && restarted; }; then
      up --remove-orphans
      waiting_since
      continue
    fi
    if [ -z "$bad" ] && [ -n "$pending" ]; then out_of_time "$pending" || bad=''; fi
    if [ -n "$bad" ]; then
      words=$why
      return 1
    fi
    if [ -z "$pending" ]; then return 0; fi
    read -r up _ </proc/uptime
    if [ "${up%.*}" -ge "$deadline" ]; then return 1; fi
    breathe
  done
}

# Restores a redeployed release from its copy.
put_back() {
  if [ "$previous" != before ] || [ ! -d "$own/before" ]; then return; fi
  from_before "$release"
  if [ -f "$own/laid" ]; then printf 'releases/%s\n' "$release" >"$own/laid"; fi
}

# from_before RELEASE: moves the copy back
from_before() {
  beside before "$1" && rm -rf "$own/releases/$1" && mv "$own/before" "$own/releases/$1" &&
    rm -f "$own/before.pinned.yaml" "$own/before.sources" "$own/before.resolved.yaml"
}
