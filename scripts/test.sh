#!/usr/bin/env bash
# Everything that a change must pass, in order; the first failure ends the run.
#
# The last line is `N passed, N failed`, then `, N skipped` where tests were skipped: the sum over
# the ctest runs. A step that fails outside them (the laws, a build) counts as one failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

passed=0 failed=0 skipped=0

finish() {
    local rc=$?
    ((rc == 0 || failed)) || failed=1
    printf '%d passed, %d failed' "$passed" "$failed"
    ((skipped)) && printf ', %d skipped' "$skipped"
    echo
    exit $((failed > 0))
}
trap finish EXIT

step() { # NAME COMMAND...
    local name=$1 since=$SECONDS
    shift
    echo "== $name"
    if ! "$@"; then
        echo "== $name: FAILED after $((SECONDS - since)) s"
        exit 1
    fi
    echo "== $name: $((SECONDS - since)) s"
}

laws() {
    scripts/tidy.py --self-test && scripts/tidy.py
}

# What plays the clients: SDKs and coding tools. Without them the tests would say little, so a
# machine that cannot have them is told so.
without() { # WHAT WHY
    printf '\n!!!! SKIPPED: tests with real clients, %s: %s !!!!\n\n' "$1" "$2"
    skipped=$((skipped + 1))
}

from_npm() { # FOLDER
    local lock=$1/package-lock.json have=$1/node_modules/.package-lock.json
    [[ ! $have -nt $lock ]] || return 0
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        without "$1" "node or npm is missing"
    elif ! npm ci --ignore-scripts --no-audit --no-fund --prefix "$1"; then
        without "$1" "npm cannot install what $lock names; is there a network?"
    fi
}

from_pypi() { # FOLDER
    local wanted=$1/requirements.txt home=build/python
    [[ ! $home/installed -nt $wanted ]] || return 0
    if ! { python3 -m venv --clear "$home" &&
        "$home/bin/pip" install -q --disable-pip-version-check --require-hashes \
            --only-binary :all: -r "$wanted" && touch "$home/installed"; }; then
        rm -rf "$home"
        without "$1" "python3 -m venv and pip cannot install what $wanted names"
    fi
}

real_clients() {
    from_npm tests/e2e && from_npm tests/cli && from_pypi tests/python
}

build() { # PRESET TARGET CMAKE-OPTION...
    cmake --preset "$1" --log-level=WARNING -DPARLEY_TESTS=ON "${@:3}" &&
        cmake --build --preset "$1" --target "$2"
}

tests() { # PRESET CTEST-OPTION...
    local preset=$1 report=$PWD/build/$1/tests.xml rc ran good idle
    shift
    rm -f "$report"
    ctest --preset "$preset" --no-tests=error --output-junit "$report" "$@"
    rc=$?
    [[ -f $report ]] || return 1
    # The report calls skipped also what could not start; only a real skip says SKIP_.
    ran=$(grep -c '<testcase ' "$report")
    good=$(grep -c '<testcase .* status="run"' "$report")
    idle=$(grep -cE '<testcase .* status="disabled"|<skipped message="SKIP_' "$report")
    passed=$((passed + good)) skipped=$((skipped + idle)) failed=$((failed + ran - good - idle))
    return "$rc"
}

step "laws of the tree" laws
step "real clients" real_clients
step "asan: build" build asan all -DPARLEY_BENCH=OFF
step "asan: all tests" tests asan
step "release: build" build release smoke -DPARLEY_BENCH=ON
step "release: smoke tests" tests release -L smoke
