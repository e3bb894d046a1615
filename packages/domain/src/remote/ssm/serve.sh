# Runs what a channel is for, in the channel's folder, in a session of its own: its input comes in numbered files, its output goes into one.
# Who does not come any more for two minutes, or removes the folder, hangs up: input and output are then closed, as by a line that is lost. So they
# are after 64 MB, since /run is memory.
cd "$1" || exit

feed() {
  next=0
  while [ -e key ] && [ ! -e "end.$next" ]; do
    if [ -e "in.$next" ]; then
      openssl enc -d -aes-256-ctr -pbkdf2 -iter 1 -md sha256 -pass file:key -in "in.$next" | gzip -dc || return
      rm -f "in.$next"
      next=$((next + 1))
    else
      sleep 0.1
    fi
  done
}

mkfifo input output
feed >input &
cat <output >>out &
copying=$!
{
  sh ./run <input >output 2>/dev/null
  printf '%s\n' "$?" >code
} &
{
  while [ -n "$(find "$1/seen" -mmin -2 2>/dev/null)" ] && [ "$(wc -c <"$1/out")" -lt 67108864 ]; do sleep 1; done
  rm -rf "$1" # what feeds ends without its key
  # While this script lives it waits for the copying, so that no other process has its number.
  if kill -0 $$ 2>/dev/null; then kill "$copying"; fi
} &
wait "$copying"
while [ -d "$1" ] && [ ! -s code ]; do sleep 0.1; done
mv code ended
