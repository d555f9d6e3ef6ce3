#!/bin/sh
# Runs a command as the first process of its own namespaces, so that libvirt finds a machine where it is alone:
#   isolate.sh COMMAND...      in the project's folder, below
#   unshare --mount --net --ipc --uts --pid --fork --mount-proc --propagation private
# What it and the command change below /etc, /run and /var exists in memory only; nothing of the host's libvirt is seen.
set -eu

# On the host itself, all that follows would hide what runs there.
if [ $$ -ne 1 ]; then
  echo 'isolate.sh runs as the first process of namespaces of its own: npm run test:vm' >&2
  exit 64
fi

project=$(pwd -P)
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/isolated/project
mount --rbind "$project" /run/isolated/project
for folder in /etc /var; do
  upper=/run/isolated$folder
  mkdir -p "$upper/changes" "$upper/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$upper/changes,workdir=$upper/work" overlay "$folder"
done
# The project itself is the host's, also when it lies in one of these: the evidence must outlive all this.
mount --rbind /run/isolated/project "$project"
cd "$project"

rm -rf /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt

# libvirtd looks its default account up even if told to use another. Debian makes it with the system's service only.
getent group kvm > /dev/null || echo 'kvm:x:64054:' >> /etc/group
getent group libvirt-qemu > /dev/null || echo 'libvirt-qemu:x:64055:' >> /etc/group
getent passwd libvirt-qemu > /dev/null || echo 'libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin' >> /etc/passwd

# Network interfaces show in /sys as of the network namespace in which it was mounted.
mount -t sysfs sysfs /sys
ip link set lo up

# Stays as the first process: it takes care of those that daemons leave behind. When it ends, all others are killed.
status=0
"$@" || status=$?
exit $status
