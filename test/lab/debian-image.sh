#!/bin/bash
# debian-image.sh FILE SUITE PACKAGES: an image's files as a gzipped tar, made from Debian's packages, unless it is there. PACKAGES has commas between.
# Of two that want one at once, the second waits for the first.
set -euo pipefail
file=$1 suite=$2 packages=$3
cache=$(dirname "$file")
mkdir -p "$cache"
exec 9>"$file.lock"
flock 9
touch "$file.used"
[ -f "$file" ] && exit 0
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
options=$(mktemp)
trap 'rm -f "$options" "$file.tar" "$file.files"' EXIT
apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Retries|https?::)' >"$options" || true
mmdebstrap --mode=root --variant=essential --format=tar --include="$packages" --skip=check/empty \
  --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
  --aptopt="$options" --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$file.tar" "${mirror:-http://deb.debian.org/debian}" >&2
# From the tar alone: in the root, folders of this machine are mounted. What a database's package makes when it is installed, a new volume would
# take for data.
mmtarfilter --path-exclude='/dev/*' --path-exclude='/var/lib/mysql/*' --path-exclude='/var/lib/postgresql/*' <"$file.tar" >"$file.files"
sha256sum <"$file.files" | cut -d ' ' -f 1 >"$file.hash"
gzip -1 <"$file.files" >"$file.part"
mv "$file.part" "$file"
