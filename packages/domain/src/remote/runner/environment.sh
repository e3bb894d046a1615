#!/bin/sh
# What runs on a server. One process talks to the caller (`runner.sh FOLDER`, the unpacked request); the run itself changes the
# server in a session of its own (`runner.sh --run FOLDER`) and outlives the caller.
#
#   apps/<project>/            the app's Compose folder: the files of the live release, and its relative bind mounts.
#                              Containers may write to it, so its content is not trusted and never executed
#   state/<project>/           our record of the app: owner current -> releases/<n>
#     releases/<n>/ <n>.pinned.yaml <n>.sources <n>.images <n>.healthy     a release as it was sent, which Compose is given, or
#                              <n>.resolved.yaml where it has several Compose files; its images (service, id, digest or -, name); and whether it was ever healthy
#     downtimes                                                service, milliseconds: how long it was away when it was last replaced
#     laid files/ next next.path                               which release is in the app's folder, and every file as it was placed there
#   runs/<job>/{values,operations,done,events,exit,pid,alive,fence}   fences/<resource>   lock   mutation   holder   pulled (images)
#   logins                                                       names the folder with the logins of the run under way
#
# lock      held briefly, to compare fences and start runs
# mutation  held by a run for its whole life: runs never overlap
# alive     held by a run for its whole life, one file per run: the kernel tells its followers when it ends, however it ends
#
# Values come from files and are only expanded inside quotes. events.ts describes the output.
set -u
umask 077
LC_ALL=C
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
export LC_ALL PATH
# Only the login's variables that say how to reach Docker are kept: Compose must not interpolate any other.
if [ -z "${BERTH_CLEAN-}" ]; then
  exec env -i BERTH_CLEAN=1 "PATH=$PATH" LC_ALL=C ${HOME+"HOME=$HOME"} ${BERTH_HOME+"BERTH_HOME=$BERTH_HOME"} \
    ${DOCKER_HOST+"DOCKER_HOST=$DOCKER_HOST"} ${DOCKER_CONTEXT+"DOCKER_CONTEXT=$DOCKER_CONTEXT"} \
    ${DOCKER_CONFIG+"DOCKER_CONFIG=$DOCKER_CONFIG"} ${DOCKER_CERT_PATH+"DOCKER_CERT_PATH=$DOCKER_CERT_PATH"} \
    ${DOCKER_TLS_VERIFY+"DOCKER_TLS_VERIFY=$DOCKER_TLS_VERIFY"} ${XDG_RUNTIME_DIR+"XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"} sh "$0" "$@"
fi
unset OLDPWD SHLVL
newline='
'
tab=$(printf '\t')
label=com.docker.compose

# For awk: the seconds of a duration as Compose or Docker writes it (1m30s, or nanoseconds), and the longest that a health check can take
# to decide: attempts during start_period do not count, and each may take its whole timeout.
durations='
  function seconds(text,    sum, size, unit) {
    if (text ~ /^[0-9]+$/) return whole(text / 1000000000)
    sum = 0
    while (match(text, /^[0-9.]+/)) {
      size = substr(text, 1, RLENGTH)
      text = substr(text, RLENGTH + 1)
      match(text, /^[^0-9.]*/)
      unit = substr(text, 1, RLENGTH)
      text = substr(text, RLENGTH + 1)
      sum += size * (unit == "h" ? 3600 : unit == "m" ? 60 : unit == "s" ? 1 : unit == "ms" ? 0.001 : 0)
    }
    return whole(sum)
  }
  function whole(number) { return int(number) < number ? int(number) + 1 : int(number) }
  function span(number,    text) {
    text = ""
    if (number >= 3600) text = int(number / 3600) " h "
    if (number % 3600 >= 60) text = text int(number % 3600 / 60) " min "
    if (number % 60 > 0 || number == 0) text = text number % 60 " s "
    return substr(text, 1, length(text) - 1)
  }
  function healthy(start, interval, timeout, retries,    grace, pause, each, tries) {
    grace = seconds(start)
    pause = seconds(interval)
    each = seconds(timeout)
    tries = retries + 0
    if (!pause) pause = 30
    if (!each) each = 30
    if (!tries) tries = 3
    return grace + each + tries * (pause + each) + 5 "\t" (grace ? "start_period " span(grace) ", then " : "") tries (tries == 1 ? " try" : " tries") ", " span(pause) " apart, of up to " span(each) " each"
  }
'
