#!/bin/bash
# down.sh FOLDER SLOT: ends what the lab of that folder and slot started, and removes it. Run again, it does nothing.
folder=$1 slot=$2
for space in $(ip netns list | awk -v prefix="berth$slot-" 'index($1, prefix) == 1 { print $1 }'); do
  for pid in $(ip netns pids "$space"); do kill -9 "$pid" 2>/dev/null; done
  # A namespace's bridge and veth pairs go when its last process has gone.
  for _ in $(seq 1 100); do [ -z "$(ip netns pids "$space")" ] && break; sleep 0.05; done
  ip netns del "$space"
done
for file in "$folder"/*registry.pid; do
  [ -f "$file" ] || continue
  pid=$(cat "$file")
  # The number may be somebody else's by now.
  if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$folder/"; then kill -9 "$pid"; fi
done
for link in $(ip -o link show type veth | awk -F '[ @:]+' -v prefix="bv$slot-" 'index($2, prefix) == 1 { print $2 }'); do ip link del "$link"; done
ip link del "berthlab$slot" 2>/dev/null
for _ in $(seq 1 100); do
  rm -rf "$folder" 2>/dev/null && exit 0
  sleep 0.05
done
rm -rf "$folder"
