# Time limits from the Compose file. Writes needs; sets $limit, $reason, $up_seconds, $down_seconds.

# The resolved Compose file, service by service, into needs:
#   health SERVICE SECONDS WHY (or `image`, `none`)    image SERVICE IMAGE    depends SERVICE ON CONDITION
#   port SERVICE ADDRESS PORT PROTOCOL    name SERVICE CONTAINER    network NAME    volume NAME
read_needs() {
  awk -v tab="$tab" "$durations"'
    function unquoted(text) { gsub(/^["\047]|["\047]$/, "", text); return text }
    function valued(text) { sub(/^[^:]*: */, "", text); return unquoted(text) }
    function port() {
      if (target && published ~ /^[0-9]+$/ && mode[name] != "host" && scale[name] != "0")
        ports[++held] = "port" tab name tab (address == "" ? "-" : address) tab published tab protocol
      target = published = address = protocol = ""
    }
    function volume() { if (type == "volume" && source != "") used["volumes" source] = 1; type = source = "" }
    function section() { if (part == "ports") port(); if (part == "volumes") volume() }
    /^[^ ]/ { section(); top = $1; part = ""; next }
    top == "services:" && /^  [^ ]/ { section(); part = ""; name = $1; sub(/:$/, "", name); name = unquoted(name); names[++count] = name; next }
    top == "services:" && /^    [^ ]/ {
      section()
      part = $1
      sub(/:$/, "", part)
      if (part == "image") print "image" tab name tab valued($0)
      if (part == "container_name") print "name" tab name tab valued($0)
      if (part == "network_mode") mode[name] = valued($0)
      if (part == "scale") scale[name] = valued($0)
      if (part == "healthcheck") health[name] = 1
      next
    }
    top == "services:" && part == "healthcheck" && /^      [a-z_]+:/ { key = $1; checks[name, substr(key, 1, length(key) - 1)] = valued($0) }
    top == "services:" && part == "healthcheck" && /^        - / && !((name, "first") in checks) { checks[name, "first"] = unquoted($2) }
    top == "services:" && part == "depends_on" && /^      [^ ]/ { on = $1; sub(/:$/, "", on); on = unquoted(on) }
    top == "services:" && part == "depends_on" && /^        condition: / { print "depends" tab name tab on tab $2 }
    top == "services:" && part == "networks" && /^      [^ ]/ { on = $1; sub(/:$/, "", on); used["networks" unquoted(on)] = 1 }
    top == "services:" && part == "ports" {
      if (/^      - /) port()
      if (/^        target: /) target = $2
      if (/^        published: /) published = valued($0)
      if (/^        host_ip: /) address = valued($0)
      if (/^        protocol: /) protocol = $2
    }
    top == "services:" && part == "volumes" {
      if (/^      - type: /) { volume(); type = $3 }
      if (/^        source: /) source = valued($0)
    }
    (top == "networks:" || top == "volumes:") && /^  [^ ]/ { on = $1; sub(/:$/, "", on); on = substr(top, 1, length(top) - 1) unquoted(on); called[on] = unquoted(on) }
    (top == "networks:" || top == "volumes:") && /^    name: / { called[on] = valued($0) }
    (top == "networks:" || top == "volumes:") && /^    external: true/ { outside[on] = 1 }
    END {
      section()
      for (i = 1; i <= held; i++) print ports[i]
      for (i = 1; i <= count; i++) {
        name = names[i]
        if (!(name in health)) print "health" tab name tab "image"
        else if (checks[name, "disable"] == "true" || checks[name, "first"] == "NONE") print "health" tab name tab "none"
        else print "health" tab name tab healthy(checks[name, "start_period"], checks[name, "interval"], checks[name, "timeout"], checks[name, "retries"])
      }
      for (on in outside) if (on in used) {
        kind = on ~ /^networks/ ? "network" : "volume"
        print kind tab called[on]
      }
    }
  ' "$run/config" >"$run/needs"
}

# span SECONDS: formats a duration into $span
span() {
  span=$(awk -v number="$1" "$durations"'BEGIN { print span(number) }')
}

# How long `up` may take: stopping the services one after the other, and waiting for dependencies. Reports what it waits for.
may_take() {
  stopping
  up_seconds=$down_seconds awaited=''
  while IFS=$tab read -r kind name on condition; do
    if [ "$kind" != depends ]; then continue; fi
    case $condition in
      service_healthy) end='is healthy' ;;
      service_completed_successfully) end='has ended' ;;
      *) continue ;;
    esac
    limit_of "$on" "$condition"
    span "$limit"
    emit health "$name" "starts once $on $end, which may take $span ($reason)"
    case "$awaited " in *" $on "*) ;; *) awaited="$awaited $on" up_seconds=$((up_seconds + limit)) ;; esac
  done <"$run/needs"
  if [ "$stop_seconds" -gt 60 ]; then
    span "$stop_seconds"
    emit log '' "Stopping the running containers may take up to $span ($grace)"
  fi
}

# limit_of SERVICE CONDITION: the time until the condition of a dependency is met, into $limit, and its origin into $reason
limit_of() {
  limit=600 reason='its health check is not known'
  if [ "$2" = service_completed_successfully ]; then
    limit=$job_seconds reason='wait sets another limit'
  else
    found=$(awk -F "$tab" -v name="$1" '$1 == "health" && $2 == name { print $3 "\t" $4; exit }' "$run/needs")
    case $found in image*) found=$(checked image "$(awk -F "$tab" -v name="$1" '$1 == "image" && $2 == name { print $3; exit }' "$run/needs")") ;; esac
    case $found in [0-9]*) limit=${found%%"$tab"*} reason=${found#*"$tab"} ;; esac
  fi
  allowed
}

# checked image|container NAME: seconds and reason of its own health check; nothing without one
checked() {
  timeout 20 docker "$1" inspect --format '{{with .Config.Healthcheck}}{{range $i, $word := .Test}}{{if not $i}}{{$word}}{{end}}{{end}}|{{.StartPeriod}}|{{.Interval}}|{{.Timeout}}|{{.Retries}}{{end}}' "$2" 2>/dev/null |
    awk -F '|' "$durations"'/\|/ && $1 != "NONE" { print healthy($2, $3, $4, $5); exit }'
}

# The time for stopping the project's containers, the longest of each service, into $stop_seconds; with the overhead of Compose into
# $down_seconds; the longest of all into $grace.
stopping() {
  stop_seconds=0 grace='' down_seconds=$start_seconds
  timeout 20 docker ps -q --filter "label=$label.project=$project" >"$run/running" 2>/dev/null
  set --
  while IFS= read -r id; do set -- "$@" "$id"; done <"$run/running"
  if [ $# -eq 0 ]; then return; fi
  found=$(timeout 20 docker inspect --format "{{.Config.StopTimeout}} {{index .Config.Labels \"$label.service\"}}" "$@" 2>/dev/null | awk "$durations"'
    { time = $1 ~ /^[0-9]+$/ ? $1 : 10; if (time > most[$2]) most[$2] = time }
    END { for (name in most) { sum += most[name]; if (most[name] > longest) { longest = most[name]; who = name } } print sum + 0, who ": stop_grace_period " span(longest) }')
  stop_seconds=${found%% *} grace=${found#* }
  down_seconds=$((start_seconds + stop_seconds))
}
