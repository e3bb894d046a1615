#!/bin/bash
# root.sh FOLDER SUITE: a root with that suite's Docker, Compose and sshd, made from Debian's packages, unless it is there.
# Of two that want one at once, the second waits for the first; a root that was not finished is never taken for one.
set -euo pipefail
folder=$1 suite=$2
cache=$(dirname "$folder")
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
touch "$folder.used"
[ -d "$folder" ] && exit 0
# What an earlier one that was killed left, and roots that nobody has used for a month.
find "$cache" -mindepth 1 -maxdepth 1 -name '*.new' -exec rm -rf --one-file-system {} +
find "$cache" -mindepth 1 -maxdepth 1 -name '*.used' -mtime +30 -printf '%p\n' | while read -r used; do
  rm -rf --one-file-system "${used%.used}" "$used"
done
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
# This machine's apt may have a proxy, or a mirror that stands still.
apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Retries|https?::)' >"$cache/apt.new" || true
packages=docker.io,docker-cli,docker-compose,openssh-server,iptables,iproute2,mount,procps,passwd,busybox-static,sudo,rootlesskit,slirp4netns,uidmap
mmdebstrap --mode=root --variant=essential --format=directory --include="$packages" \
  --aptopt="$cache/apt.new" --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$folder.new" "${mirror:-http://deb.debian.org/debian}" >&2
mv "$folder.new" "$folder"
