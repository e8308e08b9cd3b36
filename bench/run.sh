#!/bin/sh
# Runs what is built in build/release (or $BUILD): the micro benches, then the macro bench, which
# gets the arguments. Builds nothing; timings never decide the exit status.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}

built() {
    find "$build" -type f -name "$1" -perm -u+x 2>/dev/null | sort
}

upstream=$(built bench_upstream | head -n 1)
if [ -z "$upstream" ]; then
    echo "bench/run.sh: no bench_upstream under $build; build the release preset first" >&2
    exit 1
fi

min_time=0.5
case " $* " in *" --quick "*) min_time=0.01 ;; esac
for program in $(built 'bench_micro_*'); do
    echo "== $program"
    "$program" --benchmark_min_time=$min_time || echo "!! $program failed"
done

parley=$(built parley | head -n 1)
exec python3 -B bench/macro/compare.py --bin "$(dirname "$upstream")" \
    ${parley:+--parley "$parley"} "$@"
