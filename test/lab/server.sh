#!/bin/bash
# server.sh FOLDER NAME LOWER [MEGABYTES [COMPOSE]]: becomes one server: a root of its own over the folder LOWER, an sshd and a Docker daemon.
# It runs as PID 1 of namespaces made for it, so whatever it started and mounted goes with it.
set -e
folder=$1 name=$2 lower=$3 megabytes=${4-} compose=${5-}
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mkdir -p run/sshd run/lock
# A network namespace gets a fresh /sys, so the host's cgroup hierarchies are mounted again, with their own options.
if [ -e "$folder/cgroups" ]; then
  mount -t tmpfs tmpfs sys/fs/cgroup
  while read -r point options; do
    mkdir -p "sys/fs/cgroup/$point"
    mount -t cgroup -o "$options" cgroup "sys/fs/cgroup/$point"
  done <"$folder/cgroups"
else
  mount -t cgroup2 none sys/fs/cgroup
fi
# What Docker and the runner write is on the real disk: an overlay cannot hold another one, nor tell of changes.
mkdir -p var/lib/docker var/lib/berth root etc/docker
if [ -n "$megabytes" ]; then
  mount -t tmpfs -o "size=${megabytes}m,mode=711" tmpfs var/lib/docker
else
  mount --bind "$folder/docker" var/lib/docker
fi
mount --bind "$folder/berth" var/lib/berth
# A Compose that was given is the only one, wherever the root has its own.
if [ -n "$compose" ]; then
  rm -f usr/local/lib/docker/cli-plugins/docker-compose usr/local/libexec/docker/cli-plugins/docker-compose usr/lib/docker/cli-plugins/docker-compose
  install -D "$compose" usr/libexec/docker/cli-plugins/docker-compose
fi
# Root's home is not this machine's: what a login there runs would run in every session.
mount --bind "$folder/home" root
mkdir -p root/.ssh
cp "$folder/authorized_keys" root/.ssh/authorized_keys
chmod 700 root root/.ssh
chmod 600 root/.ssh/authorized_keys
rm -f etc/ssh/ssh_host_* etc/resolv.conf etc/docker/daemon.json
cp "$folder"/ssh_host_* etc/ssh/
chmod 600 etc/ssh/ssh_host_*
# Nothing outside can be reached: a resolver that refuses at once keeps every pull from waiting for a time-out.
echo 'nameserver 127.0.0.1' >etc/resolv.conf
hostname "$name"
echo "127.0.0.1 localhost $name" >etc/hosts
cp "$folder/daemon.json" etc/docker/daemon.json
# A real change of root, not a chroot: `docker exec` enters a container by its mount namespace, and would find this
# machine's root there.
mkdir -p .old
pivot_root . .old
umount -l /.old
exec /bin/bash -c '
  cd /
  rmdir /.old
  unset DOCKER_HOST
  dockerd --pidfile /run/docker.pid >>/var/log/dockerd.log 2>&1 &
  while :; do
    if [ ! -e /run/sshd.off ]; then
      /usr/sbin/sshd -D -e -o PidFile=/run/sshd.pid -o PermitRootLogin=yes -o UsePAM=no -o LogLevel=VERBOSE -o MaxStartups=100 >>/var/log/sshd.log 2>&1
    fi
    sleep 0.2
  done'
