# What every command is: a channel to a process on this server, which its folder in /run keeps. The line before this one sets the arguments, of
# letters, digits, + / and = alone. Everything that goes through the channel is sealed with a key that was agreed on when it was opened.
#   open ID PUBLIC_KEY SERVE COMMAND    answers `open PUBLIC_KEY`, or `no CLASS MESSAGE`
#   put ID NUMBER PIECE|-               a piece of the input; - is its end
#   get ID OFFSET TENTHS                waits so long for output beyond OFFSET; answers `out SIZE EXIT|- PIECE|-`, or `gone`
#   close ID
umask 077
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
: "${HOME:=/root}" # an agent that systemd started has none
export PATH HOME
folder=/run/berth-$2

no() {
  printf 'no %s %s\n' "$1" "$2"
  exit 0
}

base64_of() { base64 | tr -d '\n'; }

# part OFFSET LENGTH: that much of the output, packed and sealed, into the file of this command
part() {
  tail -c "+$(($1 + 1))" out | head -c "$2" | gzip -c |
    openssl enc -aes-256-ctr -pbkdf2 -iter 1 -md sha256 -pass file:key -out "part.$$"
}

case $1 in
  open)
    for tool in openssl base64 gzip mkfifo setsid; do
      command -v "$tool" >/dev/null || no tool.missing "$tool is not installed"
    done
    # A command may come twice: the second waits for the first one's key.
    if mkdir "$folder" 2>/dev/null; then
      cd "$folder" || exit
      printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$3" '-----END PUBLIC KEY-----' >theirs
      printf %s "$4" | base64 -d >serve
      printf %s "$5" | base64 -d >run
      openssl genpkey -algorithm X25519 -out own
      openssl pkeyutl -derive -inkey own -peerkey theirs -out shared || no tool.missing 'openssl is too old: it has no X25519'
      base64_of <shared >key
      openssl pkey -in own -pubout -outform DER | base64_of >public.new
      rm -f own shared theirs
      : >out
      : >seen
      setsid sh ./serve "$folder" </dev/null >/dev/null 2>&1 &
      mv public.new public
    fi
    tries=0
    until [ -s "$folder/public" ] || [ "$tries" -ge 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    [ -s "$folder/public" ] || no folder.denied "$folder cannot be made"
    printf 'open %s\n' "$(cat "$folder/public")"
    ;;
  put)
    cd "$folder" || exit
    : >seen
    if [ "$4" = - ]; then
      : >"end.$3"
    else
      printf %s "$4" | base64 -d >"new.$3.$$" && mv "new.$3.$$" "in.$3" || exit
    fi
    printf 'put\n'
    ;;
  get)
    cd "$folder" 2>/dev/null || {
      printf 'gone\n'
      exit 0
    }
    : >seen
    left=$4
    while :; do
      [ -e out ] || { printf 'gone\n' && exit 0; }
      code=-
      # Before the size: what ended has said everything.
      if [ -s ended ]; then read -r code <ended; fi
      size=$(($(wc -c <out)))
      if [ "$code" != - ] || [ "$left" -le 0 ]; then break; fi
      # A little more may come together with the first of it.
      if [ "$size" -gt "$3" ] && [ "$left" -gt 2 ]; then left=2; fi
      left=$((left - 1))
      sleep 0.1
    done
    printf 'out %s %s ' "$size" "$code"
    if [ "$size" -gt "$3" ]; then
      part "$3" 100000
      [ "$(wc -c <"part.$$")" -le 17500 ] || part "$3" 17400
      base64_of <"part.$$"
      rm -f "part.$$"
    else
      printf -- -
    fi
    printf '\n'
    ;;
  close)
    # Another command may be writing there.
    mv "$folder" "$folder.closed" 2>/dev/null
    tries=0
    until rm -rf "$folder.closed" 2>/dev/null || [ "$tries" -ge 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    ;;
esac
