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

# The SDKs and coding tools that play the clients. Without them their tests would say little, so a
# machine that cannot have them is told so.
real_clients() {
    local lock=tests/e2e/package-lock.json have=tests/e2e/node_modules/.package-lock.json why=
    [[ -f $lock ]] || why="$lock does not exist"
    command -v node >/dev/null && command -v npm >/dev/null || why="node or npm is missing"
    if [[ -n $why ]]; then
        printf '\n!!!! SKIPPED: tests with real clients: %s !!!!\n\n' "$why"
        skipped=$((skipped + 1))
    elif [[ ! $have -nt $lock ]]; then
        npm ci --ignore-scripts --no-audit --no-fund --prefix tests/e2e
    fi
}

build() { # PRESET CMAKE-OPTION...
    cmake --preset "$@" --log-level=WARNING -DPARLEY_TESTS=ON && cmake --build --preset "$1"
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
step "asan: build" build asan -DPARLEY_BENCH=OFF
step "asan: all tests" tests asan
step "release: build" build release -DPARLEY_BENCH=ON
step "release: smoke tests" tests release -L smoke
