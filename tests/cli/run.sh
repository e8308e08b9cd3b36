#!/usr/bin/env bash
# run.sh FILE: runs one file of tests with coding tools, in a network namespace that has loopback
# alone: nothing that a tool wants to tell its maker leaves the machine. 77: it cannot be done here.
set -u
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    printf '\n!!!! SKIPPED: %s: %s !!!!\n\n' "$(basename "${!#}")" "$1"
    exit 77
}

[[ -d $here/node_modules/@google ]] ||
    skip "no node_modules in $here; run: npm ci --prefix $here" "$@"
command -v ip >/dev/null || skip "no ip (package iproute2)" "$@"
alone=(unshare --net)
"${alone[@]}" true 2>/dev/null || alone=(unshare --map-root-user --net)
"${alone[@]}" true 2>/dev/null || skip "no network namespace for root nor for this user" "$@"
exec "${alone[@]}" sh -c 'ip link set lo up && exec "$@"' - "$here/../e2e/run.sh" "$@"
