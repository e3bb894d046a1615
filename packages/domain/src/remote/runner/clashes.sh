# Finds conflicts before anything is stopped. Reads needs.

# Networks and volumes that the Compose file declares as external.
externals() {
  while IFS=$tab read -r kind what _; do
    case $kind in network | volume) ;; *) continue ;; esac
    limited 20 docker "$kind" inspect "$what" >/dev/null 2>"$run/out"
    hung
    if [ "$rc" -eq 0 ]; then continue; fi
    words=$(complaint)
    if diagnose; then fail "$class" "$message"; fi
    fail "$kind.missing" "The $kind $what does not exist, and the Compose file says that it is external: $words"
  done <"$run/needs"
}

# Ports and container names that are taken.
clashes() {
  if ! grep -q -e '^port' -e '^name' "$run/needs"; then return; fi
  if ! every_container; then
    if diagnose; then fail "$class" "$message"; fi
    return 0
  fi
  while IFS=$tab read -r kind name what _; do
    if [ "$kind" != name ]; then continue; fi
    other=$(awk -F "$tab" -v name="$what" -v project="$project" '$5 == name && $2 != project {
      print ($2 == "" ? "which Compose did not start" : "of the project " $2 ($6 == "" ? "" : ", deployed by Berth")); exit }' "$run/all")
    if [ -n "$other" ]; then fail name.taken "The name $what is in use by a container $other" "$name"; fi
  done <"$run/needs"
  users=$(users_of_ports)
  if [ -z "$users" ]; then return; fi
  # A Docker that is shutting down holds the ports of its containers until it has stopped.
  if diagnose; then fail "$class" "$message"; fi
  fail port.taken "$users" "$(awk -F "$tab" '$1 == "port" { print $2; exit }' "$run/clash")"
}

# Lists every container on the server into all: id, project, service, state, name, owner, ports, networks
every_container() {
  timeout 30 docker ps -a --no-trunc --format "{{.ID}}$tab{{.Label \"$label.project\"}}$tab{{.Label \"$label.service\"}}$tab{{.State}}$tab{{.Names}}$tab{{.Label \"berth.app\"}}$tab{{.Ports}}$tab{{.Networks}}" \
    >"$run/all" 2>/dev/null
}

# Prints a line for each wanted port that is taken, by a container or else by a listening program. Ports of the app itself are free to
# reuse. Only certain conflicts count: for other address families and port ranges, Docker decides.
users_of_ports() {
  set -- "$run/needs" "$run/all"
  for file in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; do if [ -r "$file" ]; then set -- "$@" "$file"; fi; done
  awk -F "$tab" -v project="$project" -v clash="$run/clash" '
    function hex(text,    value, i) {
      value = 0
      for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
      return value
    }
    function any(address) { return address == "" || address == "-" || address == "0.0.0.0" || address == "::" || address == "*" }
    function meets(wanted, held) {
      if (any(held)) return any(wanted) || (wanted ~ /:/) == (held == "::")
      return any(wanted) ? wanted == "-" || (wanted == "::") == (held ~ /:/) : wanted == held
    }
    FILENAME ~ /\/needs$/ {
      if ($1 == "port") { count++; at[count] = $3; number[count] = $4; protocol[count] = $5; line[count] = $0 }
      next
    }
    FILENAME ~ /\/all$/ {
      if ($4 != "running" && $4 != "paused") next
      if ($2 == project && $8 == "host") hosted = 1 # what listens may be its own, and goes with it
      pieces = split($7, published, /, */)
      for (p = 1; p <= pieces; p++) {
        if (!match(published[p], /->/)) continue
        place = substr(published[p], 1, RSTART - 1)
        kind = published[p]
        sub(/.*\//, "", kind)
        ports = place
        sub(/.*:/, "", ports)
        sub(/:[^:]*$/, "", place)
        gsub(/[][]/, "", place)
        split(ports "-" ports, ends, "-")
        for (i = 1; i <= count; i++) {
          if (protocol[i] != kind || number[i] + 0 < ends[1] + 0 || number[i] + 0 > ends[2] + 0) continue
          if ($2 == project) own[i] = 1
          else if (meets(at[i], place)) {
            who[i] = "the container " $5
            if ($2 != "") who[i] = who[i] " (service " $3 " of the project " $2 ($6 == "" ? "" : ", deployed by Berth") ")"
          }
        }
      }
      next
    }
    # The kernel lists sockets that listen or, for UDP, are bound: field 2 is the local address, 4 the state, 10 the inode.
    {
      split($0, word, " +")
      first = word[1] == "" ? 2 : 1
      kind = FILENAME ~ /udp/ ? "udp" : "tcp"
      if (word[first + 3] != (kind == "udp" ? "07" : "0A")) next
      colon = index(word[first + 1], ":")
      port = hex(substr(word[first + 1], colon + 1))
      place = substr(word[first + 1], 1, colon - 1)
      if (place ~ /^0+$/) place = FILENAME ~ /6$/ ? "::" : "0.0.0.0"
      else if (length(place) == 8) place = hex(substr(place, 7)) "." hex(substr(place, 5, 2)) "." hex(substr(place, 3, 2)) "." hex(substr(place, 1, 2))
      else next
      for (i = 1; i <= count; i++)
        if (number[i] + 0 == port && protocol[i] == kind && (kind == "tcp" || port < 32768) && meets(at[i], place) && !(i in inode)) inode[i] = word[first + 9]
    }
    END {
      for (i = 1; i <= count; i++) {
        if ((i in own) || (!(i in who) && (hosted || !(i in inode)))) continue
        print line[i] "\t" (i in who ? who[i] : "socket:[" inode[i] "]") >clash
        found++
      }
      if (!found) printf "" >clash
    }
  ' "$@"
  while IFS=$tab read -r _ name address number protocol who; do
    case $who in
      'socket:['*) who=$(program_of "$who") ;;
    esac
    if [ "$address" = - ]; then address=''; fi
    printf 'Port %s, which %s publishes, is in use by %s\n' "${address:+$address:}$number/$protocol" "$name" "$who"
  done <"$run/clash"
}

# The program that has a socket open, as far as this user may see.
program_of() {
  # shellcheck disable=SC2012 # the numbers of processes and sockets: no name is read
  pid=$(ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v socket="$1" '
    /^\/proc\// { split($0, part, "/"); pid = part[3] }
    index($0, "-> " socket) { print pid; exit }')
  if [ -z "$pid" ]; then printf 'another program on the server'; else printf '%s (process %s)' "$(cat "/proc/$pid/comm")" "$pid"; fi
}
