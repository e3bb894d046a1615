# Deploying a release, and removing an app. Set $release, $new, $policy.

deploy() {
  number release 0 && release=$value
  value pull always && policy=$value
  number pull_seconds 600 && pull_seconds=$value
  value replace_files '' && replace=$value
  new=$own/releases/$release
  [ -f "$run/operations" ] || fail plan.failed 'The run has lost its plan'
  if [ ! -e "$run/recorded" ]; then preflight; fi
  operate
}

# All that can be known before anything is built, pulled or stopped.
preflight() {
  step preflight
  enough_disk
  claim
  unpack
  compose 30 "$new" '' "$new" config >"$run/config" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then
    ended
    if diagnose; then fail "$class" "$message"; fi
    fail compose.invalid "$(complaint)"
  fi
  resolve
  read_needs
  read_config
  files check "$new" "$new" || in_the_way
  sources "$run/sources" "$new" || fail files.conflict "$message" "$who"
  externals
  clashes
  look
}

# Once recorded, a run cannot be canceled, and if the server goes down the run that is started again continues from here: the release was
# healthy, and checking it again could make it fail.
record() {
  trap ':' TERM
  true >"$run/recorded" && true >"$own/$release.healthy" || unwritten 'The release cannot be recorded'
  rm -f "$own/current.new"
  ln -s "releases/$release" "$own/current.new" && mv -f -T "$own/current.new" "$own/current" 2>/dev/null ||
    { rm -f "$own/current.new" && ln -sfn "releases/$release" "$own/current"; } || unwritten 'The release cannot be recorded'
  read -r up _ </proc/uptime
  deadline=$((${up%.*} + 120))
  files adopt "$new" "$new" || : # at the worst a file that is as the release has it counts as changed later, and is kept
}

remove() {
  value volumes keep && volumes=$value
  # A removal that has begun is completed, even after the server went down: half a removal is no valid state.
  if [ -e "$run/removing" ]; then rm -f "$run/canceled"; fi
  step remove
  if [ -f "$own/owner" ]; then owned; fi
  trap ':' TERM
  : >"$run/removing"
  part || fail docker.down 'Docker does not answer'
  laid
  if [ -n "$laid" ]; then
    set -- down --remove-orphans
    if [ "$volumes" = delete ]; then set -- "$@" --volumes; fi
    stopping
    watched "$down_seconds" "$own/$laid" "$own/${laid##*/}.pinned.yaml" "$app" "$@"
    if [ "$rc" -ne 0 ]; then
      ended
      if diagnose; then fail "$class" "$message"; fi
      fail internal "$(complaint)"
    fi
    if [ "$volumes" = delete ]; then drop_lapsed; fi
    files take "$own/files" "$run/none" || in_the_way
    files empty "$own/files" "$run/none" -depth -type d || in_the_way
  fi
  for images in "$own"/*.images; do
    if [ -f "$images" ]; then images=${images##*/} && printf '%s\n' "${images%.images}"; fi
  done | drop
  rm -rf "$own"
  prune_archives
  if [ "$volumes" = delete ]; then rm -rf "$app" 2>"$run/out"; elif [ -d "$app" ]; then rmdir "$app" 2>/dev/null; fi
  left_there
  succeed
}

# What a removal leaves in the app's folder: changed files, files written by containers, and files this user may not delete.
left_there() {
  if [ ! -e "$app" ]; then return; fi
  if [ "$volumes" = delete ]; then
    words=$(tail -n 1 "$run/out")
    emit note '' "Not everything in $app could be deleted: $words. Delete it there as a user who may."
    return
  fi
  after=". Delete $app there when nobody needs it any more."
  if [ ! -s "$run/undeleted" ] && [ ! -s "$run/stays" ]; then
    emit note '' "Left there: what the app wrote to its folder on the server$after"
  fi
  tell undeleted 'Could not be deleted on the server: ' "$after"
  tell stays 'Changed on the server, so left there: ' "$after"
}

owned() {
  IFS= read -r owner <"$own/owner"
  [ "$owner" = "$app_id" ] || fail conflict "The folder $app belongs to another app"
}
