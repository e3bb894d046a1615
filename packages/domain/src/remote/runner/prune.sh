# Removes old releases and their images. Reads $keep, $release, $previous.

# Keeps the last releases for rollbacks.
prune() {
  measure_services
  prune_builds
  drop_lapsed
  number keep 5 && keep=$value
  set -- "$own"/releases/*
  if [ $# -le "$keep" ]; then return; fi
  for folder in "$own"/releases/*; do printf '%s\n' "${folder##*/}"; done | grep -x '[0-9][0-9]*' | sort -n | awk -v keep="$keep" -v live="$release" -v was="${previous#releases/}" '
    { all[NR] = $1 }
    END { for (i = 1; i <= NR - keep; i++) if (all[i] != live && all[i] != was) print all[i] }' | drop
}

# Removes the releases whose numbers are read, our tags of their images, and images that Berth pulled and no kept release of any app uses.
# Docker refuses while a container or another tag uses an image.
drop() {
  : >"$run/stale"
  while IFS= read -r number; do
    if [ -f "$own/$number.images" ]; then
      while IFS=$tab read -r name id _; do
        tag_of "$name" "$number"
        printf '%s\t%s\n' "$id" "$tag"
      done <"$own/$number.images" >>"$run/stale"
    fi
    rm -rf "$own/releases/$number" "$own/$number.images" "$own/$number.healthy" "$own/$number.pinned.yaml" "$own/$number.sources" \
      "$own/$number.resolved.yaml"
  done
  if [ ! -s "$run/stale" ]; then return; fi
  : >"$run/kept"
  for images in "$base"/state/*/*.images; do
    if [ -f "$images" ]; then cut -f 2 "$images" >>"$run/kept"; fi
  done
  touch "$base/pulled"
  untag
  # All images that Berth ever pulled and no release uses.
  awk 'FILENAME == ARGV[1] { kept[$1]; next } !($1 in kept)' "$run/kept" "$base/pulled" | sort -u >"$run/loose"
  set --
  while IFS= read -r id; do set -- "$@" "$id"; done <"$run/loose"
  if [ $# -eq 0 ]; then return; fi
  limited 60 docker image rm -- "$@" >"$run/out" 2>&1
  limited 60 docker image ls --all --quiet --no-trunc >"$run/found" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then return; fi
  awk 'FILENAME == ARGV[1] { here[$1]; next } $1 in here && !seen[$1]++' "$run/found" "$base/pulled" >"$base/pulled.new" &&
    mv "$base/pulled.new" "$base/pulled"
}

# Removing the last tag deletes an image. One that Berth did not pull keeps our tag if it has no other.
untag() {
  set --
  while IFS=$tab read -r id tag; do
    if ! grep -Fxq -e "$id" "$base/pulled" && ! grep -Fxq -e "$id" "$run/kept" && ! named "$id"; then continue; fi
    set -- "$@" "$tag"
  done <"$run/stale"
  if [ $# -gt 0 ]; then limited 60 docker image rm -- "$@" >"$run/out" 2>&1; fi
}

named() {
  timeout 20 docker image inspect --format '{{range .RepoTags}}{{println .}}{{end}}{{range .RepoDigests}}{{println .}}{{end}}' -- "$1" 2>/dev/null |
    grep -v '^berth/' | grep -q .
}
