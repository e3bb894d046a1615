# Who works on this server, and where that user's Docker listens. Sets $uid, $base; exports DOCKER_HOST.

# settle_user FOLDER [DESCRIPTOR]: a user who may not use Docker but may become root without a password works as root, in root's folder. What was
# decided once stays, since the apps are there: the user has a folder, or a link to root's.
settle_user() {
  uid=$(id -u)
  base=${BERTH_HOME:-/var/lib/berth}
  if [ "$uid" = 0 ]; then return; fi
  mine=${BERTH_HOME:-$HOME/.berth}
  find_rootless
  if [ "$op" = prepare ]; then
    if ! becomes_root; then refuse_to_prepare; fi
    as_root "$@"
  elif [ -L "$mine" ]; then
    becomes_root || answer 69 sudo.password "The user $(id -un) may no longer become root without a password"
    as_root "$@"
  elif [ ! -d "$mine" ] && barred && becomes_root; then
    as_root "$@"
  fi
  base=$mine
}

refuse_to_prepare() {
  if may_sudo; then answer 69 sudo.password "The user $(id -un) is not root, and sudo wants a password"; fi
  answer 69 root.needed "The user $(id -un) is not root and may not become it"
}

# Docker's own installer for rootless use leaves it to the login to say where it listens, and logins for a command often do not.
find_rootless() {
  own_socket=${XDG_RUNTIME_DIR:-/run/user/$uid}/docker.sock
  if [ -n "${DOCKER_HOST-}${DOCKER_CONTEXT-}" ] || [ ! -S "$own_socket" ] || [ -w /var/run/docker.sock ]; then return; fi
  [ "$(timeout 10 docker context inspect --format '{{.Name}}' 2>/dev/null)" = default ] || return 0
  DOCKER_HOST=unix://$own_socket
  export DOCKER_HOST
}

barred() { ! timeout 20 docker version >/dev/null 2>"$scratch/docker" && denied; }

becomes_root() { command -v sudo >/dev/null && timeout 20 sudo -n true >/dev/null 2>&1 </dev/null; }

# Whether this user is one of those who may use sudo at all, as far as groups tell.
may_sudo() { command -v sudo >/dev/null && case " $(id -Gn) " in *' sudo '* | *' wheel '* | *' admin '*) ;; *) return 1 ;; esac; }

# sudo closes all descriptors but three: this process holds the pipe with what may never be in a file, and root opens it again.
as_root() {
  if [ "$op" = deploy ] && [ ! -L "$mine" ]; then ln -s "$base" "$mine" 2>"$scratch/why" || unwritten_here "$mine cannot be made"; fi
  sudo -n -H env -u BERTH_CLEAN -u BERTH_HOME -u DOCKER_HOST -u DOCKER_CONTEXT -u DOCKER_CONFIG -u DOCKER_CERT_PATH -u DOCKER_TLS_VERIFY \
    -u XDG_RUNTIME_DIR sh "$0" "$1" "${2:+again}"
  exit
}
