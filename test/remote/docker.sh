#!/bin/sh
# Stands in for `docker` where a test is about the runner and the line to it, not about containers. It writes down what
# it was asked, and does what the files in $BERTH_FAKE say: `up.seconds`, `up.status`, `up.lines`, `down`.
printf '%s\n' "$*" >>"$BERTH_FAKE/calls"
connect() { # as when the daemon is being restarted
  if [ ! -f "$BERTH_FAKE/down" ]; then return; fi
  echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2
  exit 1
}
say() { if [ -f "$BERTH_FAKE/$1" ]; then cat "$BERTH_FAKE/$1"; else printf '%s' "$2"; fi; }
case "$*" in
  'compose version --short') echo 2.26.1 ;;
  version*)
    connect
    echo 20.10.24
    ;;
  'compose --project-name '*' config') printf 'name: x\nservices:\n  web:\n    image: page:1\n' ;;
  'image inspect'*) echo "sha256:1 linux/$(say arch amd64) page@sha256:0000," ;;
  *' pull web')
    sleep "$(say pull.seconds 0)"
    say pull.lines ' web Pulling
 web Pulled
'
    exit "$(say pull.status 0)"
    ;;
  *' up --detach '*)
    connect
    echo up >>"$BERTH_FAKE/ups"
    say up.lines ''
    sleep "$(say up.seconds 0)"
    say up.lines ''
    if [ -f "$BERTH_FAKE/up.once" ]; then
      cat "$BERTH_FAKE/up.once" && rm "$BERTH_FAKE/up.once"
      exit 1
    fi
    exit "$(say up.status 0)"
    ;;
  *' down '*) ;;
  'ps -aq'*) connect ;;
  'ps '*) connect && printf '1\tweb\trunning\tUp 9 minutes (healthy)\n' ;;
  *' logs '*) printf '\033[2Kweb-1  | 2026-01-02T03:04:05.678901234Z hello | there\nweb-1  | 2026-01-02T03:04:06.000000000Z \033[31mred\033[0m\n' ;;
  logs*) printf 'the last words\n' ;;
  events*) ;;
  *) echo "the fake docker does not know: $*" >&2 && exit 2 ;;
esac
