#!/usr/bin/env bash
# systemd.sh FOLDER BUILD, as the first process of new namespaces (mounts, processes, cgroups,
# names): becomes systemd on a root of its own, which lies over the machine's and leaves it as it
# is. FOLDER has units, the only ones there are, and etc, for /etc/parley; BUILD is seen as
# /opt/parley. Says what stands in the way, and ends with 77, where the machine does not allow it.
set -e
trap 'echo "this machine does not allow: $BASH_COMMAND"; exit 77' ERR
folder=$1 build=$2 root=$1/root

mount --make-rprivate /
mkdir -p "$folder/over" "$root"
mount -t tmpfs tmpfs "$folder/over"
mkdir "$folder/over/upper" "$folder/over/work"
mount -t overlay overlay \
    -o "lowerdir=/,upperdir=$folder/over/upper,workdir=$folder/over/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
umount -l "$root/sys/fs/cgroup"
mount -t cgroup2 none "$root/sys/fs/cgroup"
for each in dev run tmp var/tmp; do mount -t tmpfs -o mode=755 tmpfs "$root/$each"; done
chmod 1777 "$root/tmp" "$root/var/tmp"
for each in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<<"$each"
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
mkdir "$root"/dev/{pts,shm,hugepages,mqueue}
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"

mkdir -p "$root/opt/parley" "$root/etc/parley" "$root/units" "$root/old"
mount --bind "$build" "$root/opt/parley"
cp "$folder"/units/* "$root/units"
cp "$folder"/etc/* "$root/etc/parley"
cp "$folder/parley.conf" "$root/usr/lib/sysusers.d"
cd "$root"
pivot_root . old
systemd-sysusers parley.conf
chgrp parley /etc/parley/*
chmod 640 /etc/parley/*
umount -l /old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=other SYSTEMD_UNIT_PATH=/units \
    SYSTEMD_LOG_TARGET=null /lib/systemd/systemd --system --unit=basic.target --show-status=no
