# Writes the verdict with which a run ends.

give_up() {
  printf '%s\n' "The runner stopped in the step $step" >>"$run/trace"
  fail internal "$(tail -n 1 "$run/trace")"
}

succeed() {
  concluded=succeeded at=$step
  if [ -e "$own/before" ]; then rm -rf "$own/before" "$own/before.pinned.yaml" "$own/before.sources"; fi
  rm -f "$run/room"
  conclude 0
}

conclude() {
  forget_logins
  if [ "$1" -eq 0 ]; then rm -rf "$run/aside"; fi
  {
    field code "$1"
    field step "$at"
    if [ -e "$run/changed" ] && describe; then cat "$run/seen"; fi
    if [ -e "$run/changed" ]; then field changed true; fi
    if [ "$1" -eq 0 ] && [ "$op" = deploy ]; then
      while IFS=$tab read -r name id digest _; do field "image.$name" "$id $digest"; done <"$own/$release.images"
    fi
    if [ "$1" -ne 0 ]; then
      field class "$failed"
      while IFS= read -r line; do field message "$line"; done <"$run/reason"
      case $failed in docker.denied | sudo.password) field user "$(id -un)" ;; esac
      if [ -n "$refused" ]; then field registry "$refused"; fi
      if [ -n "$account" ]; then field login "$account"; fi
      field rolledBack "$rolled"
      if [ -n "$service" ]; then field service "$service"; fi
      if [ -n "$down" ]; then field downMs "$down"; fi
      if [ -f "$run/tail" ]; then while IFS= read -r line || [ -n "$line" ]; do field log "$line"; done <"$run/tail"; fi
    fi
  } >"$run/exit.new"
  mv "$run/exit.new" "$run/exit"
  # The verdict is written and nothing changes any more: followers read it while this cleans up.
  exec 8>&- 9>&-
  # The values and the files are no longer needed; the release has its own copy.
  rm -rf "$run/values" "$run/files" "$run/pipe" "$run/out" "$run/ps" "$run/tail" "$run/pins" "$run/found" "$run/wanted" "$run/carried" "$run/ours" "$run/named" \
    "$run/services" "$run/programs" "$run/sources" "$run/mounted" "$run/uses" "$run/defined" "$run/before" "$run/past" "$run/images" \
    "$run/pinned" "$run/stale" "$run/loose" "$run/kept" "$run/config" "$run/free" "$run/recorded" \
    "$run/ids" "$run/described" "$run/seen" "$run/complaint" "$run/needs" "$run/all" "$run/clash" "$run/running" \
    "$run/source" "$run/part" "$run/built" "$run/contexts" "$run/behind" "$run/reason" "$run/said" "$run/patience" "$run/raised" "$run/broken" "$run/here" "$run/count.old" "$run/count.new" "$run/dump.out" "$run/apart.yaml"
  find "$base/runs" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
  exit "$1"
}
