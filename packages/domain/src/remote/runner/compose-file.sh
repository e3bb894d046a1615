# The release as Compose resolved it. Writes services, programs, sources, uses, defined, wanted; resolved.yaml.

# Keeps what Compose made of several files, with its paths in the app's folder. As JSON: in the YAML that it writes, a text that begins with
# an empty line is another one when it is read again. With all profiles, if that is possible: a service may name one as a dependency that it
# can do without.
resolve() {
  rm -f "$own/$release.resolved.yaml"
  [ -f "$values/compose_files" ] || return 0
  compose 30 "$new" '' "$new" --profile '*' config --format json >"$run/resolved" 2>"$run/out"
  if [ "$rc" -ne 0 ]; then compose 30 "$new" '' "$new" config --format json >"$run/resolved" 2>"$run/out"; fi
  if [ "$rc" -ne 0 ]; then fail compose.invalid "$(complaint)"; fi
  from=$new to=$app awk '
    {
      line = ""
      rest = $0
      while ((at = index(rest, ENVIRON["from"]))) {
        after = at + length(ENVIRON["from"])
        line = line substr(rest, 1, at - 1) (substr(rest, after, 1) ~ /^[\/"\047]?$/ ? ENVIRON["to"] : ENVIRON["from"])
        rest = substr(rest, after)
      }
      print line rest
    }' "$run/resolved" >"$own/$release.resolved.yaml" || unwritten 'The release cannot be stored'
  : >"$run/resolved" # it has the app's secrets
}

# From the canonical form that Compose prints: services (name, image, platform, whether it is built), programs (services that a program runs), contexts (paths that builds read), sources (service, path in the app's folder that it
# mounts), and given (service, sources of its configs and secrets).
read_config() {
  : >"$run/mounted"
  : >"$run/wanted"
  : >"$run/programs"
  : >"$run/uses"
  : >"$run/defined"
  : >"$run/contexts"
  awk -v tab="$tab" -v project="$project" -v mounted="$run/mounted" -v wanted="$run/wanted" -v programs="$run/programs" -v uses="$run/uses" -v defined="$run/defined" -v contexts="$run/contexts" -v new="$new" '
    function plain(text) {
      if (text ~ /^\047.*\047$/) { text = substr(text, 2, length(text) - 2); gsub(/\047\047/, "\047", text) }
      else if (text ~ /^".*"$/) text = unescaped(substr(text, 2, length(text) - 2))
      gsub(/\$\$/, "$", text) # Compose writes a dollar so that it can read it again
      return text
    }
    # For a path with a tab or newline, which our lists cannot hold, its parent folder.
    function unescaped(text,    result, at, mark, digits) {
      result = ""
      while ((at = index(text, "\\"))) {
        result = result substr(text, 1, at - 1)
        mark = substr(text, at + 1, 1)
        text = substr(text, at + 2)
        digits = mark == "x" ? 2 : mark == "u" ? 4 : mark == "U" ? 8 : 0
        if (digits && number(substr(text, 1, digits)) >= 32) result = result utf8(number(substr(text, 1, digits)))
        else if (mark == "N") result = result utf8(133)
        else if (mark == "_") result = result utf8(160)
        else if (mark == "L") result = result utf8(8232)
        else if (mark == "P") result = result utf8(8233)
        else if (mark == "\"" || mark == "\\" || mark == "/") result = result mark
        else return parent(result)
        text = substr(text, digits + 1)
      }
      return result text
    }
    function number(text,    value, i) {
      value = 0
      for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789ABCDEF", toupper(substr(text, i, 1))) - 1
      return value
    }
    function utf8(code) {
      if (code < 128) return sprintf("%c", code)
      if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
      if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
      return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
    }
    function parent(path) { return sub(/\/[^\/]*$/, "", path) ? path : "." }
    function source(text) {
      if (text ~ /^[|>]/) { cut = 1; return }
      found[++sources] = name tab plain(text)
    }
    cut { if (/^          [^ ]/) found[++sources] = name tab parent(plain(substr($0, 11))); cut = 0 }
    /^[^ ]/ { top = $1 }
    top == "volumes:" && /^  [^ ]/ { named = $1; sub(/:$/, "", named); named = plain(named) }
    top == "volumes:" && /^      device: / { device[named] = plain(substr($0, 15)) }
    top == "volumes:" && /^      o: .*bind/ { bound[named] }
    top == "configs:" || top == "secrets:" {
      if (/^  [^ ]/) { name = $1; sub(/:$/, "", name); named = top plain(name); next }
      if (/^    file: /) print named tab "file" tab plain(substr($0, 11)) >defined
      else if (/^    environment: /) print named tab "variable" tab plain($2) >defined
      else if (/^    / || /^$/) print named tab "text" tab $0 >defined
    }
    top != "services:" { next }
    /^  [^ ]/ { name = $1; sub(/:$/, "", name); gsub(/["\047]/, "", name); names[++count] = name }
    /^    [^ -]/ { part = $1 }
    /^    image: / {
      image[name] = $2
      gsub(/["\047]/, "", image[name])
      if (length(image[name]) == 64 && image[name] !~ /[^0-9a-f]/) image[name] = "sha256:" image[name]
    }
    /^    build:/ { builds[name] }
    part == "build:" && /^      dockerfile: / { print context "/" plain(substr($0, 19)) >contexts }
    part == "build:" && (at = index($0, new)) {
      text = substr($0, at)
      sub(/["\047]$/, "", text)
      if (/^      context: /) context = text
      print text >contexts
    }
    /^    pull_policy: / { policy[name] = $2; gsub(/["\047]/, "", policy[name]) }
    /^    provider:/ { provided[name] }
    /^    platform: / { platform[name] = $2; gsub(/["\047]/, "", platform[name]) }
    part == "volumes:" && /^        source: / { source(substr($0, 17)) }
    part == "security_opt:" && /^      - .*seccomp[:=]/ {
      text = plain(substr($0, 9))
      if (sub(/^seccomp[:=]/, "", text)) {
        sub(/^(\.\/)+/, "", text)
        found[++sources] = name tab (text ~ /^\// ? text : "./" text)
      }
    }
    (part == "configs:" || part == "secrets:") && /^      - source: / { print name tab part plain(substr($0, 17)) >uses }
    END {
      for (i = 1; i <= sources; i++) {
        split(found[i], each, tab)
        if ((each[2] in bound) && (each[2] in device)) found[i] = each[1] tab device[each[2]]
        print found[i] >mounted
      }
      for (i = 1; i <= count; i++) {
        name = names[i]
        if ((name in provided) && !(name in image)) {
          print name >programs
          continue
        }
        built = (name in builds) && !((name in image) && policy[name] ~ /^(always|missing|if_not_present|never|refresh|daily|weekly|every_)/)
        if (built && !(name in image)) image[name] = project "-" name
        print name tab (name in image ? image[name] : "-") tab (name in platform ? platform[name] : "-") tab (built ? "build" : "-")
        if (!seen[image[name]]++) print image[name] >wanted
      }
    }
  ' "$run/config" >"$run/services" || unwritten 'The release cannot be read'
  : >"$run/config" # it has the app's secrets
  awk -F "$tab" -v tab="$tab" '
    FILENAME == ARGV[1] { if ($2 == "file") file[$1] = substr($0, length($1) + 7); next }
    FILENAME == ARGV[2] { if ($2 in file) print $1 tab file[$2]; next }
    { print }' "$run/defined" "$run/uses" "$run/mounted" |
    while IFS=$tab read -r name source; do
      case $source/ in
        "$new/"*) source=${source#"$new"} ;;
        "$app/"*) source=${source#"$app"} ;;
        ./*) source=${source#./} ;;
        *) continue ;;
      esac
      source=${source#/}
      printf '%s\t%s\n' "$name" "${source:-.}"
    done >"$run/sources"
  while IFS=$tab read -r name image _; do
    case $image in
      -) fail compose.invalid "The service $name has no image, and nothing to build one from" "$name" ;;
      -*) fail compose.invalid "$image cannot be the name of an image" "$name" ;;
    esac
  done <"$run/services"
  [ -s "$run/wanted" ] || fail compose.invalid 'There is no service to run'
}
