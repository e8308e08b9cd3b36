#!/usr/bin/env bash
# run.sh FILE: runs one file of tests with the Python that has the pinned SDKs. Its house is of
# JavaScript, hence the node of the other tests. 77: it cannot be done here.
set -u
here=$(cd "$(dirname "$0")" && pwd)
python=$here/../../build/python/bin/python

[[ -e $here/../../build/python/installed ]] || {
    printf '\n!!!! SKIPPED: %s: no SDKs in build/python; scripts/test.sh installs them !!!!\n\n' \
        "$(basename "$1")"
    exit 77
}
# The house ends with its standard input, which the tests close.
exec env PYTHONDONTWRITEBYTECODE=1 "$python" "$1" "$here/../e2e/run.sh" "$here/house.mjs"
