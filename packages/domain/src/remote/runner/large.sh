# Large files that a release mounts, which come in archives. Reads $values, $new, $own; writes part, have.

# Puts them into the release that is unpacked: as they are here where it was here before, otherwise those of the archives, where each is
# called by the hash of its content.
place_large() {
  [ -f "$values/large" ] || return 0
  found=$new
  if ! has_large "$new"; then
    enough_for_large
    found=''
    rm -rf "$run/part" && mkdir "$run/part" || unwritten 'The files that services mount cannot be stored'
    while IFS= read -r hash; do open_large "$base/archives/$hash"; done <"$values/mounted"
  fi
  while IFS=$tab read -r hash executable _ path; do
    within "$path" || fail compose.invalid 'A file of the release is outside it'
    from=${found:+$found/$path}
    from=${from:-$run/part/$hash}
    [ -f "$from" ] || fail archive.gone "Nothing that was sent has $path"
    case $path in */*) mkdir -p "$new.new/${path%/*}" || unwritten 'The release cannot be stored' ;; esac
    cat "$from" >"$new.new/$path" || unwritten 'The release cannot be stored'
    if [ "$executable" = x ]; then chmod +x "$new.new/$path"; fi
  done <"$values/large"
  rm -rf "$run/part"
}

# open_large ARCHIVE: unpacks it beside those before, of which nothing is a link that it could write through.
open_large() {
  [ -f "$1" ] || fail archive.gone 'The files that services mount are no longer kept'
  limited 300 tar -xzof "$1" -C "$run/part" 2>>"$run/trace"
  [ "$rc" -eq 0 ] || unwritten 'The files that services mount cannot be stored'
  [ -z "$(cd "$run/part" && find . ! -name . ! '(' -type f -links 1 ')' | head -n 1)" ] ||
    fail compose.invalid 'Among the files that services mount is something that is no file'
}

# Room for what is unpacked, for the release and for the app's folder.
enough_for_large() {
  wanted=$(awk -F "$tab" '{ split($3, of, " "); sum += of[2] } END { print int(sum * 3 / 1048576) + 1 }' "$values/large")
  free=$(free_mb "$base")
  [ "$free" -ge "$wanted" ] || fail disk.full "$free MB are free on $base and the files that services mount need $wanted MB"
}

# has_large RELEASE: whether it is here with its large files
has_large() {
  [ -d "$1" ] || return 1
  sums "$1" . >"$scratch/have"
  ! awk -F "$tab" '{ print $3 " ././" $4 }' "$values/large" | grep -Fxvq -f "$scratch/have"
}

# sums RELEASE PATH: checksum, length and path of every file at PATH or below it, then the paths of those that can be executed
sums() { (cd "$1" && find "./$2" -type f -exec cksum {} + && find "./$2" -type f -perm -100); }

# unsent PATH: the same of the large files, without which a plan is made
unsent() {
  [ -f "$run/unsent" ] || return 0
  at=$1 awk -F "$tab" '
    BEGIN { at = ENVIRON["at"]; before = at == "." ? "././" : "./" }
    at == "." || $4 == at || index($4, at "/") == 1 {
      print $3 " " before $4
      if ($2 == "x") print before $4
    }' "$run/unsent"
}
