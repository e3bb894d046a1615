#!/bin/sh
# Stands in for `docker` where a test is about the runner and the line to it, not about containers. It writes down what
# it was asked, and does what the files in ../fake say: `up.seconds`, `up.status`, `up.lines`, `up.gate`
# (waits while it is there), `down`, `config` (RELEASE stands for the folder it is asked about), `ps` (`ps.after`: until the
# second `up`), `all`, `health`, `external`; `up.kill` ends the run that called it, as a loss of power does, and `up.tidies`
# removes every image, each of them once. `env` there is the environment of the last `up`.
#
# Its images are those of the containerd store: an image's id is its digest, and a tag that moves takes the name with it.
#   registry   image TAB id, the last line of an image counting; what is not there is sha256:1...
#   store      id TAB name, or - for an image that has lost its name
# `built` is the folder that the last build was done from; `build.lines`: what it says when it fails; it waits while `build.gate` is there.
#   ran        the images by id that the last `up` was told to run, a service a line
# What was called with a Docker configuration of its own is in `configured`, that configuration in `configuration`. `auth` is what Docker's
# API answers to a login, `auth.asked` what it was asked.
tab=$(printf '\t')
fake=$(readlink -f "$0")
fake=${fake%/bin/docker}/fake
# Who sees the call written down knows that it was decided whether the daemon is there for it.
away=
if [ -f "$fake/down" ]; then away=1; fi
touch "$fake/store"
printf '%s\n' "$*" >>"$fake/calls"
if [ -n "${DOCKER_CONFIG-}" ]; then
  printf '%s\n' "$*" >>"$fake/configured"
  rm -rf "$fake/configuration"
  cp -RP "$DOCKER_CONFIG" "$fake/configuration"
fi
connect() { # as when the daemon is being restarted
  if [ -z "$away" ]; then return; fi
  if [ -f "$fake/denied" ]; then
    cat "$fake/denied" >&2
    exit 1
  fi
  echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2
  exit 1
}
say() { if [ -f "$fake/$1" ]; then cat "$fake/$1"; else printf '%s' "$2"; fi; }
if printf '%s\n' "$*" | grep -q -e "$(say hangs ^$)"; then
  rm "$fake/hangs"
  exec sleep 300
fi
config() { say config 'name: x
services:
  web:
    image: page:1
'; }
offered() { say registry '' | awk -F "$tab" -v image="$1" '$1 == image { id = $2 } END { print id ? id : "sha256:1111111111111111111111111111111111111111111111111111111111111111" }'; }
# found REFERENCE: its id. One by digest is found by the repository's name alone.
found() {
  awk -F "$tab" -v asked="$1" '
    BEGIN { at = index(asked, "@"); if (at) { repository = substr(asked, 1, at - 1); digest = substr(asked, at + 1) } }
    !at && ($1 == asked || $2 == asked) { id = $1 }
    at && $1 == digest && index($2, repository ":") == 1 { id = $1 }
    END { print id }' "$fake/store"
}
# named ID NAME: whoever had the name loses it
named() {
  awk -F "$tab" -v id="$1" -v name="$2" '
    $2 != name { print; has[$1]; next }
    { lost[$1] }
    END { for (each in lost) if (!(each in has) && each != id) print each FS "-"; print id FS name }' "$fake/store" >"$fake/store.new"
  mv "$fake/store.new" "$fake/store"
}
unnamed() { # by its id an image goes unless it has two names; by a name it goes with the last one
  awk -F "$tab" -v asked="$1" '
    FNR == NR { if ($1 == asked) names++; next }
    $2 == asked || ($1 == asked && names < 2) { next }
    { print }' "$fake/store" "$fake/store" >"$fake/store.new"
  mv "$fake/store.new" "$fake/store"
}
case "$*" in
  'compose version --short') echo 2.26.1 ;;
  version*)
    connect
    echo 20.10.24
    ;;
  'compose --project-name '*' config --format json')
    if grep -qs -e RELEASE -e PWD "$fake/config"; then
      config | sed "s|RELEASE|$5|;s|PWD|$(tr "\\000" "\\n" <"/proc/$$/environ" | sed -n "s/^PWD=//p")|"
      exit
    fi
    config | awk -v separator='' '
      /^  [^ ].*:$/ { service = substr($1, 1, length($1) - 1) }
      /^    image: / { services = services separator "\"" service "\":{\"image\":\"" $2 "\"}"; separator = "," }
      END { print "{\"name\":\"x\",\"services\":{" services "}}" }'
    ;;
  'compose --project-name '*" --profile * config --services") # `services.fails` is there: it cannot tell them
    if [ -f "$fake/services.fails" ]; then exit 15; fi
    say services web
    ;;
  'compose --project-name '*' config')
    config | sed "s|RELEASE|$5|;s|PWD|$(tr "\\000" "\\n" <"/proc/$$/environ" | sed -n "s/^PWD=//p")|"
    ;;
  *inspect*.Config.Healthcheck*) say health '' ;;
  'image inspect'*)
    format=$4
    shift 5
    status=0
    for reference; do
      id=$(found "$reference")
      if [ -z "$id" ]; then
        echo "Error response from daemon: No such image: $reference" >&2
        status=1
        continue
      fi
      names=$(awk -F "$tab" -v id="$id" '$1 == id && $2 != "-" { print $2 }' "$fake/store")
      case $format in
        *RepoTags*) printf '%s\n' "$names" ;;
        *Architecture*) printf '%s\tlinux/%s\t%s\n' "$id" "$(say arch amd64)" "$(printf '%s\n' "$names" | awk -v id="$id" '/:/ { sub(/:.*/, ""); printf "%s@%s,", $0, id }')" ;;
        *) printf '%s\n' "$id" ;;
      esac
    done
    exit "$status"
    ;;
  'image save -- '*) shift 3 && printf 'images %s' "$*" ;;
  'image load --input '*)
    tar -xzOf "$4" manifest.json | grep -o '"[a-z/0-9-]*:[0-9]*"' | tr -d '"' | while read -r image; do
      named sha256:3333333333333333333333333333333333333333333333333333333333333333 "$image"
    done
    ;;
  'image ls '*) cut -f 1 "$fake/store" ;;
  'image tag -- '*) named "$(found "$4" | grep . || printf '%s' "$4")" "$5" ;;
  'image rm -- '*)
    shift 3
    for reference; do unnamed "$reference"; done
    ;;
  'pull --quiet '*)
    shift 2
    if [ "$1" = --platform ]; then shift 2; fi
    shift
    if [ -f "$fake/pull.lines" ]; then
      cat "$fake/pull.lines" >&2
      exit 1
    fi
    named "${1#*@}" "${1%@*}:by-digest"
    ;;
  *' build -- '*)
    rm -rf "$fake/built" && cp -RP "$5" "$fake/built"
    if [ -f "$fake/build.gate" ]; then timeout 120 sh -c 'while [ -f "$1/build.gate" ]; do sleep 0.05; done' sh "$fake"; fi
    if [ -f "$fake/build.lines" ]; then
      cat "$fake/build.lines"
      exit 1
    fi
    config | awk '/^    image: / { print $2 }' | while read -r image; do named "$(offered "$image")" "$image"; done
    ;;
  *' pull -- '*)
    sleep "$(say pull.seconds 0)"
    status=$(say pull.status 0)
    if [ "$status" -eq 0 ] && [ ! -f "$fake/pull.nothing" ]; then
      config | awk '/^    image: / { print $2 }' | while read -r image; do named "$(offered "$image")" "$image"; done
    fi
    say pull.lines ' web Pulling
 web Pulled
'
    exit "$status"
    ;;
  *' up --detach '*)
    connect
    seconds=$(say up.seconds 0)
    tr '\000' '\n' <"/proc/$$/environ" >"$fake/env" # a shell changes PWD
    for file; do case $file in *.pinned.yaml) sed -n 's/^    image: "\(.*\)"$/\1/p' "$file" >"$fake/ran" ;; esac done
    if [ -f "$fake/up.write" ]; then
      echo 'written by a container' >"$(cat "$fake/up.write")"
      rm "$fake/up.write"
    fi
    if [ -f "$fake/up.plant" ]; then
      read -r behind place <"$fake/up.plant"
      rm -rf "$place" && ln -s "$behind" "$place" && rm "$fake/up.plant"
    fi
    if [ -f "$fake/up.kill" ]; then
      rm "$fake/up.kill"
      for file; do case $file in */state/*) home=${file%%/state/*} ;; esac done
      kill -9 $(ps -o pid= -s "$(cat "$home"/runs/job_cut/pid)")
    fi
    if [ -f "$fake/up.tidies" ]; then
      rm "$fake/up.tidies"
      : >"$fake/store"
    fi
    say up.lines ''
    echo up >>"$fake/ups"
    if [ -f "$fake/up.gate" ]; then timeout 120 sh -c 'while [ -f "$1/up.gate" ]; do sleep 0.05; done' sh "$fake"; fi
    sleep "$seconds"
    echo up >>"$fake/brought"
    say up.lines ''
    if [ -f "$fake/up.once" ]; then
      cat "$fake/up.once" && rm "$fake/up.once"
      exit 1
    fi
    exit "$(say up.status 0)"
    ;;
  *' down '*) ;;
  'ps -aq --no-trunc'*)
    connect
    say containers.ids '1
'
    ;;
  'container inspect --format {{index'*)
    connect
    say containers.told 'web	/shop-production-web-1	running	sha256:1	healthy
'
    ;;
  'container inspect --format'*)
    connect
    say containers '{"name":"/shop-production-web-1","service":"web","image":"page@sha256:0000","imageId":"sha256:1","state":"running","health":"healthy","exit":0,"restarts":0,"started":"2026-01-02T03:04:05.678901234Z","finished":"0001-01-01T00:00:00Z","policy":"always"}	0.0.0.0|8080|80/tcp ::|8080|80/tcp 
'
    ;;
  'ps -aq'*) connect ;;
  'container stop '* | 'container rm '*) connect ;;
  'ps --all --quiet --no-trunc'*)
    connect
    printf 'c0ffee123456789\n'
    ;;
  'inspect --format {{.Id}}'*) say there 'c0ffee123456789	2026-01-02T03:04:05Z	web
' ;;
  'ps -q '*) if [ -f "$fake/ups" ]; then echo 1; fi ;;
  'ps -a --no-trunc --format'*) say all '' ;;
  'ps '*)
    connect
    if [ -f "$fake/ps.after" ] && [ "$(grep -c up "$fake/ups")" -lt 2 ]; then
      cat "$fake/ps.after"
    else
      say ps '1	web	running	Up 9 minutes (healthy)
'
    fi
    ;;
  'inspect --format {{.Config.StopTimeout}}'*) say stop '<nil> web
' ;;
  'inspect --format {{.State.StartedAt}}'*) say begun '' ;;
  'inspect --format {{range .State.Health.Log}}'*) say health.log '' ;;
  inspect*RestartPolicy*) say policy 'web	no/	0
' ;;
  info*)
    connect
    say info '		[[Backing Filesystem extfs]]
'
    ;;
  'volume ls'* | 'network ls'*) connect ;;
  'network inspect'* | 'volume inspect'*)
    case " $(say external '') " in *" $3 "*) exit 0 ;; esac
    echo "Error response from daemon: $1 $3 not found" >&2
    exit 1
    ;;
  'system dial-stdio')
    while IFS= read -r header && [ "$header" != "$(printf '\r')" ]; do
      case $header in Content-Length:*) length=${header#*: } && length=${length%?} ;; esac
    done
    head -c "$length" >"$fake/auth.asked"
    say auth ''
    ;;
  'context inspect'*) echo "unix://$(say socket /nowhere)" ;;
  'logs --timestamps'*)
    last=+1
    for id; do case $id in --tail=*) last=${id#*=} ;; esac; done
    if [ -f "$fake/lines.$id" ]; then
      tail -n "$last" "$fake/lines.$id"
    else
      printf '2026-01-02T03:04:05.678901234Z hello | there\n2026-01-02T03:04:06.000000000Z \033[31mred\033[0m\n'
    fi
    case $* in
      *--follow*)
        printf '%s\n' "$*" >>"$fake/followed"
        if [ -f "$fake/news.$id" ]; then cat "$fake/news.$id"; fi
        if [ -f "$fake/stays" ]; then exec sleep 60; fi
        ;;
    esac
    ;;
  logs*) printf 'the last words\n' ;;
  events*) say events '' ;;
  *) echo "the fake docker does not know: $*" >&2 && exit 2 ;;
esac
