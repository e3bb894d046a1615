# Why a run failed. Sets $concluded, $failed, $reason, $at, $service.

# After a failed command: fails here if the run was canceled or timed out
ended() {
  if [ -e "$run/canceled" ]; then fail canceled 'Canceled'; fi
  if [ "$rc" -ne 124 ]; then return; fi
  in_time
  if diagnose; then fail "$class" "$message"; fi
  fail timeout "The step $step took too long"
}

# The error output of a command, without progress and duplicates; warnings only if there is nothing else. An error of one resource (`web
# Error no` in Compose 2, `Image page:1 Error no` in Compose 5) counts only if no general one is reported.
complaint() {
  awk -v kinds='(Container|Network|Volume|Image|Config|Secret|Service) ' '
    function weigh(line) {
      if (line ~ /^time="[^"]*" level=(warning|info|debug)/) { warnings[++warned] = line; return }
      if (line ~ "^" kinds "[^ ]+ +([A-Z][a-z]+ *)+$") return
      if (line ~ "^(" kinds ")?[^ ]+ +(Pulling|Pulled|Waiting|Interrupted|Already exists|Pull complete|Download complete|Verifying Checksum|Downloading|Extracting|Skipped)") return
      if (line ~ "^(" kinds ")?[^ ]+ +Error +[^ ]") {
        sub("^" kinds, "", line)
        name[++ones] = line
        sub(/ .*/, "", name[ones])
        sub(/^[^ ]+ +/, "", line)
        if (line !~ /^Error response from /) sub(/^Error +/, "", line)
        of_one[ones] = line
      } else { lines[++count] = line; all = all "\n" line }
    }
    { sub(/^[ \t]+/, ""); sub(/[ \t\r]+$/, "") }
    $0 != "" { said[NR] = last = $0; at[$0] = NR }
    END {
      for (n = 1; n <= NR; n++) if (said[n] != "" && at[said[n]] == n) weigh(said[n])
      for (i = 1; i <= ones; i++) if (!index(all, of_one[i]) && !(count && of_one[i] ~ /^dependency .* failed to start$/)) { lines[++count] = name[i] ": " of_one[i]; all = all "\n" of_one[i] }
      if (!count) for (i = 1; i <= warned; i++) lines[++count] = warnings[i]
      if (!count) lines[++count] = last
      for (i = count > 12 ? count - 11 : 1; i <= count; i++) print substr(lines[i], 1, 800)
    }' "$run/out" | sed 's/\([^:0-9a-f][0-9a-f]\{12\}\)[0-9a-f]\{52\}/\1/g'
}

# unwritten MESSAGE: fails because a file of ours could not be written; the last line of the trace says why
unwritten() {
  unwritable "$(tail -n 1 "$run/trace" 2>/dev/null)" "$1"
  fail "$class" "$message"
}

# fail CLASS MESSAGE [SERVICE]: restores what was changed, and concludes
fail() {
  if [ -n "$concluded" ]; then exit 1; fi
  concluded=failing failed=$1 reason=$2 at=$step service=${3-}
  make_room
  trap ':' TERM
  reason=$(printf '%s\n' "$reason" | sed '/^[[:space:]]*$/d')
  printf '%s\n' "$reason" >"$run/reason"
  while IFS= read -r line; do emit log "$service" "$line"; done <"$run/reason"
  if [ -e "$run/changed" ]; then
    if [ -z "$failing" ] && [ -n "$service" ]; then
      failing=$(timeout 20 docker ps -aq --filter "label=$label.project=$project" --filter "label=$label.service=$service" | head -n 1)
    fi
    if [ -n "$failing" ]; then timeout 20 docker logs --tail 40 "$failing" >"$run/tail" 2>&1; fi
    if part; then restore; else emit log '' 'What runs apart could not be ended, so nothing was started'; fi
    leave_moved
  fi
  put_back
  clear_away
  conclude 1
}

# Frees the reserved space for the verdict on a full disk, and that of the release's files for restoring: they are already in place or
# will not be needed.
make_room() {
  rm -f "$run/room" "${own:-$run}/staged"
  if [ "$failed" = disk.full ]; then rm -rf "$run/files" && mkdir "$run/files"; fi
}

# A release that was never started is removed, on a full disk with the images pulled for it. One that was started is kept as long as
# others.
clear_away() {
  if [ -e "$run/changed" ] || [ "$op" != deploy ] || [ -z "$new" ]; then return; fi
  rm -rf "$new.new"
  prune_archives
  if [ ! -e "$run/fresh" ]; then return; fi
  deadline=$((deadline + 60))
  printf '%s\n' "$release" | drop
  if [ "$failed" != disk.full ] || [ ! -f "$run/before" ] || [ ! -f "$run/wanted" ]; then return; fi
  while IFS= read -r image; do if here "$image"; then cat "$run/here"; fi; done <"$run/wanted" >"$run/found"
  awk 'FILENAME == ARGV[1] { had[$1]; next } !($1 in had)' "$run/before" "$run/found" >"$run/loose"
  set --
  while IFS= read -r id; do set -- "$@" "$id"; done <"$run/loose"
  if [ $# -gt 0 ]; then limited 60 docker image rm -- "$@" >"$run/out" 2>&1; fi
}
