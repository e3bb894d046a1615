#!/bin/bash
# deps.sh compose|'' PACKAGE...: Debian's packages, without starting a service of theirs. Debian 12 has no Compose v2;
# Debian 13's package is one static binary that runs there too, so it is unpacked from Debian 13 without touching apt's
# own sources.
set -euo pipefail
compose=$1
shift
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
wait=(-o DPkg::Lock::Timeout=300)
if [ $# -gt 0 ]; then
  apt-get "${wait[@]}" update -qq
  apt-get "${wait[@]}" install -y -qq --no-install-recommends "$@"
fi
plugins=/usr/libexec/docker/cli-plugins
if [ "$compose" = compose ] && [ ! -e "$plugins/docker-compose" ]; then
  t=$(mktemp -d)
  trap 'rm -rf "$t"' EXIT
  chmod 755 "$t"
  mkdir -p "$t/lists/partial" "$t/cache/archives/partial"
  mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} trixie main" >"$t/sources.list"
  options=(-oDir::Etc::SourceList="$t/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$t/lists" -oDir::Cache="$t/cache")
  apt-get "${options[@]}" update -qq
  cd "$t"
  apt-get "${options[@]}" download -qq docker-compose
  dpkg -x docker-compose_*.deb x
  install -D x/usr/libexec/docker/cli-plugins/docker-compose "$plugins/docker-compose"
fi
