# The operations check and inspect.

check() {
  printf 'berth 1 %s\n' "$from"
  if diagnose; then
    code=69
    field class "$class"
    field message "$message"
  else
    code=0
    field docker "$docker_version"
    field compose "${compose_version#v}"
  fi
  field code "$code"
  field step preflight
  field root "$([ "$uid" = 0 ] && printf true || printf false)"
  field user "$(id -un)"
  field hostname "$(uname -n)"
  field kernel "$(uname -r)"
  field arch "$(architecture)"
  field os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
  field cpus "$(grep -c '^processor' /proc/cpuinfo)"
  field memory_mb "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
  field memory_free_mb "$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)"
  field disk_free_mb "$(free_mb "$(docker_root)")"
  field disk_mb "$(df -Pk "$(docker_root)" | awk 'NR == 2 { print int($2 / 1024) }')"
  field clock "$(date +%s)"
  printf '.\n'
  exit "$code"
}

containers() {
  value project '' && project=$value
  value app_id '' && app_id=$value
  plain "$project" || answer 1 internal 'The app has no proper name'
  line "$base/state/$project/owner"
  [ -z "$value" ] || [ "$value" = "$app_id" ] || answer 1 conflict "The project $project belongs to another app"
  if diagnose; then answer 69 "$class" "$message"; fi
  describe || answer 69 docker.down 'Docker did not answer'
  printf 'berth 1 %s\n' "$from"
  field code 0
  cat "$scratch/seen"
  printf '.\n'
  exit 0
}
