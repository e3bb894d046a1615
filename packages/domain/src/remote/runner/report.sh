# What a plan is made of: how Compose reads a release here, and what is there. Changes nothing. Sets $run, $own, $app, $new.

report() {
  value project '' && project=$value
  value app_id '' && app_id=$value
  number release 1 && release=$value
  plain "$project" || answer 1 internal 'The app has no proper name'
  run=$scratch own=$base/state/$project app=$base/apps/$project new=$scratch/release step=preflight child='' concluded='' previous='' replace=''
  value pull always && policy=$value
  line "$own/owner"
  [ -z "$value" ] || [ "$value" = "$app_id" ] || answer 1 conflict "The folder $app belongs to another app"
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + 25))
  fail() { answer 1 "$1" "$2"; }
  told=$scratch/told
  mkdir "$told" || unwritten_here 'The report cannot be written'
  live=$(readlink "$own/current") || live=
  [ -d "$own/$live" ] || live=
  apart there there
  apart facts facts
  if [ -n "$live" ]; then apart live live; fi
  if [ -f "$values/large" ]; then cp "$values/large" "$run/unsent" || unwritten_here 'The report cannot be written'; fi
  unpack
  apart reading told_as "$new" "$new" release
  compose 30 "$new" '' "$new" config >"$run/config" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then together; fi # it says why
  read_config
  all_services
  while IFS=$tab read -r name _; do printf '%s\t%s\n' "$name" "$(given_mark "$name")"; done <"$run/services" >"$told/release.files"
  recorded
  together
  # If they cannot be told, no container is taken for one of a service that is gone.
  if [ -n "$untold" ]; then cut -f 1 "$told/containers" >>"$told/all"; fi
  same_source
  images_there
  as_it_is
  tell_report
}

# The services, also those whose profile is not active: Compose leaves their containers alone. What they name may not be there any more, and then Compose does not tell them.
all_services() {
  untold=
  if grep -rqs -e profiles -e include -e extends "$new"; then
    compose 30 "$new" '' "$new" --profile '*' config --services >"$told/all" 2>"$run/out"
    if [ "$rc" -eq 0 ]; then return; fi
    untold=1
  fi
  cut -f 1 "$run/services" >"$told/all"
}

# apart NAME COMMAND...: does it meanwhile, with a folder of its own as $run
apart() {
  mkdir "$scratch/$1" || unwritten_here 'The report cannot be written'
  (run=$scratch/$1 && shift && "$@") >"$scratch/$1/said" &
  printf '%s\n' "$!" >"$scratch/$1/pid"
}

# Waits for what is done meanwhile, and answers what it would have answered.
together() {
  for part in reading there facts live; do
    if [ ! -d "$scratch/$part" ]; then continue; fi
    read -r pid <"$scratch/$part/pid"
    wait "$pid" || { cat "$scratch/$part/said" && exit 1; }
  done
}

live() {
  told_as "$own/$live" "$app" live
  if [ -f "$own/downtimes" ]; then cp "$own/downtimes" "$told/downtimes"; fi
  cp "$own/${live##*/}.pinned.yaml" "$told/live.pinned" || unwritten_here 'The report cannot be written'
}

# The images that the release has, where it was healthy here or is told them, as look does (images.sh).
recorded() {
  known=
  if [ -e "$own/$release.healthy" ]; then
    known=$own/$release.images
  elif [ "$policy" = missing ] && [ -f "$values/pins" ]; then
    known=$values/pins
  fi
  if [ -z "$known" ]; then
    if [ "$policy" = missing ]; then : >"$told/release.images"; fi
    return
  fi
  cp "$known" "$told/release.images" && cut -f 2 "$known" | grep '^sha256:' | sort -u >>"$run/wanted"
}

# Says so if it is built from what the live release was. No registry has what is built.
same_source() {
  if cmp -s "$values/archives" "$own/archives" || { [ ! -s "$values/archives" ] && [ ! -s "$own/archives" ]; }; then : >"$told/source"; fi
  awk -F "$tab" '$4 == "build" { print $2 }' "$run/services" >"$run/built"
  without "$run/built" <"$run/wanted" >"$run/pulled"
  mv "$run/pulled" "$run/wanted"
}

# Says so if the release is the live one, file by file, and each of its files is where it was placed.
as_it_is() {
  [ -n "$live" ] && [ "$({ sums "$new" . && unsent .; } | sort)" = "$(sums "$own/$live" . | sort)" ] && files placed "$own/files" "$new" || return 0
  : >"$told/same"
}

# told_as RELEASE FOLDER NAME: the release as Compose resolves it, with relative paths from the folder
told_as() {
  compose 30 "$1" '' "$2" config --format json >"$told/$3.json" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then
    if diagnose; then answer 69 "$class" "$message"; fi
    if [ "$rc" -eq 124 ]; then answer 69 docker.down 'Docker does not answer'; fi
    answer 1 compose.invalid "$(complaint)"
  fi
  printf '%s' "$2" >"$told/$3.folder"
}

# Containers, volumes and networks.
there() {
  limited 20 docker ps -aq --no-trunc --filter "label=$label.project=$project" --filter "label=$label.oneoff=False" >"$run/ids" 2>"$run/out"
  answered
  set --
  while IFS= read -r id; do set -- "$@" "$id"; done <"$run/ids"
  : >"$told/containers"
  # If a container disappears meanwhile, the command fails but still prints the others.
  if [ $# -gt 0 ]; then
    limited 20 docker container inspect --format "{{index .Config.Labels \"$label.service\"}}$tab{{.Name}}$tab{{.State.Status}}$tab{{.Image}}$tab{{with .State.Health}}{{.Status}}{{end}}" "$@" \
      >"$told/containers" 2>"$run/out"
    [ -s "$told/containers" ] || answered
  fi
  limited 20 docker volume ls --format '{{.Name}}' >"$told/volumes" 2>"$run/out"
  answered
  limited 20 docker network ls --format '{{.Name}}' >"$told/networks" 2>"$run/out"
  answered
}

# What Docker is here, and the room. Which registries it asks without TLS, and its mirror of Docker Hub.
facts() {
  limited 20 docker compose version --short >"$run/version" 2>"$run/out"
  answered
  line "$run/version" && compose_version=$value
  limited 20 docker info --format "{{range .RegistryConfig.IndexConfigs}}{{if not .Secure}}{{.Name}} {{end}}{{end}}$tab{{range .RegistryConfig.Mirrors}}{{.}} {{end}}$tab{{.DriverStatus}}" \
    >"$scratch/registries" 2>"$run/out"
  answered
  if grep -q containerd.snapshotter "$scratch/registries"; then store=containerd; else store=classic; fi
  {
    printf 'compose\t%s\n' "${compose_version#v}"
    printf 'store\t%s\n' "$store"
    printf 'architecture\t%s\n' "$(architecture)"
    printf 'disk\t%s\n' "$(free_mb "$(docker_root)")"
    printf 'memory\t%s\n' "$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)"
  } >"$told/facts"
}

answered() {
  if [ "$rc" -eq 0 ]; then return; fi
  if diagnose; then answer 69 "$class" "$message"; fi
  answer 69 docker.down 'Docker does not answer'
}

# What the server has of each image, and what the registry has under its name now. Nobody asks a registry for a digest or an id.
images_there() {
  if [ ! -f "$told/release.images" ]; then ask_registries; fi
  set --
  while IFS= read -r image; do set -- "$@" "$image"; done <"$run/wanted"
  image_is "$@"
  if [ "$rc" -eq 0 ]; then
    paste -d "$tab" "$run/wanted" "$run/here" >"$told/images"
  else
    for image do
      image_is "$image"
      line "$run/here" && printf '%s\t%s\n' "$image" "$value"
    done >"$told/images"
  fi
  wait
}

# image_is IMAGE...: id, platform, size and digests of each into the file here; $rc is not 0 if one is missing
image_is() {
  limited 20 docker image inspect --format "{{.Id}}$tab{{.Os}}/{{.Architecture}}$tab{{.Size}}$tab{{range .RepoDigests}}{{.}},{{end}}" -- "$@" >"$run/here" 2>/dev/null
  if [ "$rc" -eq 124 ]; then answer 69 docker.down 'Docker does not answer'; fi
}

# Asks about images of Docker Hub where Docker does: first at its mirror.
ask_registries() {
  insecure=" $(cut -f 1 "$scratch/registries") "
  mirror=$(cut -f 2 "$scratch/registries") && mirror=${mirror%% *} && mirror=${mirror%/}
  case $mirror in http://*) insecure=" ${mirror#*://}$insecure" ;; esac
  mirror=${mirror#*://} count=0
  while IFS= read -r image; do
    case $image in *@sha256:* | sha256:* | -*) continue ;; esac
    count=$((count + 1))
    if [ "$count" -le 40 ]; then registry_has "$image" >"$told/registry.$count" & fi
  done <"$run/wanted"
}

# registry_has IMAGE: the name, the digest of the manifest for this platform if the registry has several (else -), and the manifest
registry_has() {
  printf '%s\n' "$1"
  registry_of "$1"
  path=${1#docker.io/}
  case $path in */*) ;; *) path=library/$path ;; esac
  if [ "$registry" = docker.io ] && [ -n "$mirror" ] && manifest_of "$mirror/$path"; then return; fi
  manifest_of "$1"
}

manifest_of() {
  host=${1%%/*} flag='' digest=-
  case $insecure in *" $host "*) flag=--insecure ;; esac
  found=$(timeout 10 docker manifest inspect ${flag:+"$flag"} "$1" 2>/dev/null) || return
  case $found in
    *'"manifests"'*)
      digest=$(printf '%s\n' "$found" | awk -F '"' -v wanted="$(architecture)" '$2 == "digest" { digest = $4 } $2 == "architecture" && $4 == wanted { print digest; exit }')
      [ -n "$digest" ] || return
      repository=${1%%@*}
      case ${repository##*/} in *:*) repository=${repository%:*} ;; esac
      found=$(timeout 10 docker manifest inspect ${flag:+"$flag"} "$repository@$digest" 2>/dev/null) || return
      ;;
  esac
  printf '%s\n%s\n' "$digest" "$found"
}

# Sends the report, and the verdict of a plan, or the question whether to begin.
tell_report() {
  [ -n "${said-}" ] || printf 'berth 1 %s\n' "$from"
  { tar -cf - -C "$told" . | gzip -c | base64 | sed "s/^/p$tab/"; } 2>/dev/null
  if [ "$op" != plan ]; then
    printf 'q\n'
    exit 0
  fi
  field code 0
  printf '.\n'
  exit 0
}
