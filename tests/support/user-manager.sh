#!/usr/bin/env bash
# Boots a private `systemd --user`, says `ready`, and ends it when its standard input is closed.
#
#   user-manager.sh UID HOME RUNTIME      both folders belong to UID; RUNTIME is its XDG_RUNTIME_DIR
#
# It lives in namespaces and a control group of its own, and sees a /run of its own: a machine's
# own systemd, if it has one, knows nothing of it. Needs root. Where that, or a part of systemd, is
# missing, it says which on standard output and ends with 77.
set -euo pipefail
uid=$1 home=$2 runtime=$3

cannot() { echo "cannot: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot "only root can boot a user's systemd of its own"
for program in unshare setpriv systemctl; do
    command -v "$program" >/dev/null || cannot "$program is not installed"
done
manager=
for folder in /usr/lib/systemd /lib/systemd /run/current-system/systemd/lib/systemd; do
    if [ -x "$folder/systemd" ]; then manager=$folder/systemd; break; fi
done
[ -n "$manager" ] || cannot "systemd is not installed"
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$groups" ] || cannot "no cgroup2 is mounted"
group=$groups/hcc-test-$$
mkdir -p "$group/own" 2>/dev/null || cannot "no control group can be made"
end() {
    # Whoever is left, and then the groups, which go when nobody is in them.
    echo $$ >"$groups/cgroup.procs" 2>/dev/null || true
    for _ in $(seq 50); do
        left=$(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true)
        [ -n "$left" ] || break
        kill -9 $left 2>/dev/null || true
        sleep 0.02
    done
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
trap end EXIT
echo $$ >"$group/own/cgroup.procs" || cannot "no control group can be entered"
chown -R "$uid" "$group/own"

unshare --fork --mount --cgroup --propagation private bash -euo pipefail -c '
    uid=$1 home=$2 runtime=$3 manager=$4
    # A user manager only runs where it believes that systemd booted the machine.
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -p /run/systemd/system /run/lock
    umount -l /sys/fs/cgroup 2>/dev/null || true
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    { cat /etc/passwd; echo "hcc-test:x:$uid:$uid::$home:/bin/sh"; } >/run/passwd
    mount --bind /run/passwd /etc/passwd
    as=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
    "${as[@]}" env -i HOME="$home" PATH="$PATH" XDG_RUNTIME_DIR="$runtime" \
        "$manager" --user --log-target=console --log-level=warning </dev/null >&2 &
    pid=$!
    for _ in $(seq 200); do
        state=$("${as[@]}" env XDG_RUNTIME_DIR="$runtime" systemctl --user is-system-running 2>/dev/null || true)
        case $state in running | degraded) echo ready; break ;; esac
        sleep 0.05
    done
    # Until the other side goes away.
    cat >/dev/null
    kill -s RTMIN+24 "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
' user-manager "$uid" "$home" "$runtime" "$manager"
