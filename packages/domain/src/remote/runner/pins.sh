# Fixes a release: images by id, and checksums of what services are given. Writes pinned.yaml.

# The images of the release, by id: those recorded for it, or those that its names mean now.
pin() {
  if [ ! -f "$run/past" ]; then identify; elif [ -z "$fetched" ]; then recall; fi
  runs_here
  fix
  forget_names
}

# Names every image by id, so that a moved tag changes neither this release nor a rollback, and keeps it with a tag of ours; labels a
# service with a checksum of its mounted files, so that a changed file recreates its container.
fix() {
  if [ -s "$run/replacing" ]; then
    { [ ! -f "$own/replaced" ] || cat "$own/replaced"; } | awk -F "$tab" -v OFS="$tab" -v release="$release" '
      FILENAME == ARGV[1] { now[$0]; next }
      NF == 2 && !($1 in now)
      END { for (path in now) print path, release }' "$run/replacing" - >"$run/replaced" && mv "$run/replaced" "$own/replaced" ||
      unwritten 'The release cannot be recorded'
  fi
  {
    printf 'services:\n'
    while IFS=$tab read -r name id _; do
      printf '  "%s":\n    image: "%s"\n' "$name" "$id"
      printf '    labels:\n      berth.app: "%s"\n' "$app_id"
      given=$(given_mark "$name")
      if [ -n "$given" ]; then printf '      berth.files: "%s"\n' "$given"; fi
    done <"$run/images"
  } >"$own/$release.pinned.yaml" && cp "$run/images" "$own/$release.images" && cp "$run/sources" "$own/$release.sources" &&
    pin_needs && true >"$run/pinned" || unwritten 'The release cannot be recorded'
  rm -f "$run/defined"
  while IFS=$tab read -r name id _; do
    tag_of "$name" "$release"
    limited 60 docker image tag -- "$id" "$tag" >"$run/out" 2>&1
    hung
    if [ "$rc" -ne 0 ]; then
      ended
      if diagnose; then fail "$class" "$message"; fi
      fail internal "$(complaint)" "$name"
    fi
  done <"$run/images"
}

# Uses the health check of the pinned image, not of whatever the tag means now.
pin_needs() {
  awk -F "$tab" -v OFS="$tab" '
    FILENAME == ARGV[1] { id[$1] = $2; next }
    $1 == "image" && ($2 in id) { $3 = id[$2] }
    { print }' "$run/images" "$run/needs" >"$run/needs.new" && mv "$run/needs.new" "$run/needs"
}

# tag_of SERVICE RELEASE: the tag by which Berth keeps its image, into $tag. Some service names are not valid in a tag.
tag_of() {
  case $1 in
    *[!a-z0-9-]* | -* | *-) tag=$(printf '%s' "$1" | cksum) && tag=${tag%% *} ;;
    *) tag=$1 ;;
  esac
  tag=berth/$project/$tag:$2
}

# given_mark SERVICE: a checksum of what it is given; nothing if it is given nothing
given_mark() { given "$1" | cksum | sed -n '/^4294967295 0$/d;s/ /-/;p'; }

# What a service is given besides its settings: mounted files, and the sources of its configs and secrets.
given() {
  while IFS=$tab read -r name source; do
    if [ "$name" != "$1" ]; then continue; fi
    case /$source/ in */../*) continue ;; esac # no file of the release
    if [ -e "$new/$source" ]; then sums "$new" "$source"; elif [ -z "$(unsent "$source")" ]; then continue; fi
    unsent "$source"
    # A container that mounts a single file sees a replaced one only after it is recreated.
    if [ -f "$own/replaced" ]; then
      source=$source awk -F "$tab" 'ENVIRON["source"] == "." || $1 == ENVIRON["source"] || index($1, ENVIRON["source"] "/") == 1' "$own/replaced"
    fi
  done <"$run/sources" | sort
  awk -F "$tab" -v service="$1" -v ours="$new/" '
    FILENAME == ARGV[1] { if ($1 == service) used[$2]; next }
    ($1 in used) && ($2 == "text" || $2 == "file" && index($3, ours) != 1)' "$run/uses" "$run/defined"
  awk -F "$tab" -v service="$1" '
    FILENAME == ARGV[1] { if ($1 == service) used[$2]; next }
    ($1 in used) && $2 == "variable" { print $3 }' "$run/uses" "$run/defined" |
    while IFS= read -r name; do variable "$name"; done
}

# A variable of the release, in the format in which we write .env.
variable() {
  awk -v wanted="$1" '
    !more {
      sub(/^export /, "")
      at = index($0, "=")
      mine = substr($0, 1, at - 1) == wanted
      text = substr($0, at + 1)
      more = text ~ /^\047[^\047]*$/
      if (mine) print
      next
    }
    { if (mine) print; if (index($0, "\047")) more = 0 }' "$new/.env"
}
