# Preparing a server, as root: Docker from its distribution, and logins by password. Each only where it was asked for. Sets $wish.

prepare_server() {
  own=$run/none app=$run/none
  step prepare
  if [ "$(id -u)" != 0 ]; then fail root.needed "The user $(id -un) is not root"; fi
  value what '' && wish=$value
  case $wish in
    docker) install_docker ;;
    passwords.off | passwords.on) allow_passwords ;;
    *) fail internal "The runner does not know what '$wish' is" ;;
  esac
  succeed
}

install_docker() {
  if ! diagnose; then
    emit log '' "Docker $docker_version and Compose ${compose_version#v} are there already"
    return
  fi
  if ! command -v apt-get >/dev/null || ! command -v apt-cache >/dev/null; then
    fail docker.unpackaged "This server is $(system_name), and Berth installs Docker on Debian and Ubuntu"
  fi
  step install
  trap ':' TERM # packages that are being installed are installed: half of it would be left to whoever comes next
  apt 600 update
  set --
  if ! command -v docker >/dev/null; then
    available docker.io || fail docker.unpackaged "$(system_name) has no package docker.io"
    set -- docker.io
    if available docker-cli; then set -- "$@" docker-cli; fi
  fi
  if ! timeout 20 docker compose version >/dev/null 2>&1; then
    if available docker-compose-v2; then
      set -- "$@" docker-compose-v2
    elif available docker-compose && newer; then
      set -- "$@" docker-compose
    elif available docker-compose-plugin; then
      set -- "$@" docker-compose-plugin
    else
      fail compose.missing "$(system_name) has no package with Compose 2, so nothing was installed"
    fi
  fi
  if [ $# -gt 0 ]; then
    emit log '' "Installing $*"
    apt 1800 install "$@"
  fi
  begin_docker
  if diagnose; then fail "$class" "$message"; fi
  emit log '' "Docker $docker_version and Compose ${compose_version#v} are installed"
}

system_name() { sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"' | head -c 100; }

# apt SECONDS COMMAND PACKAGE...: others may be at it, such as a server's own updates at its first boot
apt() {
  patience=$1
  shift
  limited "$patience" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confold "$@" </dev/null >"$run/out" 2>&1
  if [ "$rc" -eq 124 ]; then fail timeout "apt-get $1 took too long"; fi
  [ "$rc" -eq 0 ] || fail install.failed "$(tail -n 8 "$run/out")"
}

# available PACKAGE: whether the distribution has it; its version into $version
available() {
  version=$(timeout 60 apt-cache policy -- "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | head -n 1)
  version=${version#*:}
  case $version in '' | '(none)') return 1 ;; esac
}

newer() {
  case $version in [01].*) return 1 ;; esac
}

begin_docker() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if timeout 20 docker version >/dev/null 2>&1; then return; fi
    if [ -d /run/systemd/system ]; then
      timeout 60 systemctl start docker >"$run/out" 2>&1
    elif command -v service >/dev/null; then
      timeout 60 service docker start >"$run/out" 2>&1
    fi
    breathe 1
  done
}

# One file of our own, which sshd reads before others. It counts only if sshd takes it and means what it says.
allow_passwords() {
  step logins
  ours=/etc/ssh/sshd_config.d/00-berth.conf
  command -v sshd >/dev/null || fail tool.missing 'sshd is not installed'
  if [ "$wish" = passwords.on ]; then
    rm -f "$ours" || unwritten "$ours cannot be removed"
  else
    mkdir -p "${ours%/*}" && printf 'PasswordAuthentication no\nKbdInteractiveAuthentication no\n' >"$ours.new" && chmod 644 "$ours.new" &&
      mv "$ours.new" "$ours" || unwritten "$ours cannot be written"
    sshd -t >"$run/out" 2>&1 || take_back 'sshd refuses its configuration'
    sshd -T -C user=root,host=localhost,addr=127.0.0.1 >"$run/out" 2>&1 || take_back 'sshd does not tell its configuration'
    for name in passwordauthentication kbdinteractiveauthentication; do
      grep -qx "$name no" "$run/out" || { : >"$run/out" && take_back 'sshd does not read /etc/ssh/sshd_config.d, or another file says otherwise'; }
    done
  fi
  reload_sshd || { [ "$wish" = passwords.on ] || take_back 'sshd could not be told to read its configuration again'; }
  if [ "$wish" = passwords.on ]; then emit log '' "$ours is removed"; else emit log '' "Nobody logs in with a password any more, because of $ours"; fi
}

# take_back WHY: with what sshd said of it
take_back() {
  rm -f "$ours"
  said=$(tail -n 1 "$run/out")
  fail passwords.stay "$1${said:+: $said}"
}

reload_sshd() {
  if [ -d /run/systemd/system ]; then
    timeout 60 systemctl reload ssh >"$run/out" 2>&1 || timeout 60 systemctl reload sshd >"$run/out" 2>&1
  else
    read -r listens <"$(sshd_pid)" && kill -HUP "$listens"
  fi
}

sshd_pid() { sshd -T 2>/dev/null | sed -n 's/^pidfile //p' | head -n 1; }
