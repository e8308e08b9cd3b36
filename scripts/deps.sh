#!/usr/bin/env bash
# Installs the Debian 12 packages that a task needs; quiet and quick when nothing is missing.
#
#   scripts/deps.sh [build|test|bench|lint]...     without a group: build test
set -euo pipefail

build=(g++ cmake ninja-build ccache make pkg-config git mold
    libboost1.81-dev libboost-json1.81-dev libssl-dev libtomlplusplus-dev libspdlog-dev
    libcli11-dev libyaml-cpp-dev zlib1g-dev libbrotli-dev libzstd-dev libqrencode-dev libpq-dev
    libcurl4-openssl-dev libgit2-dev)
test=(libgtest-dev libbenchmark-dev python3 python3-venv openssl curl ca-certificates iproute2
    abigail-tools postgresql-15 openssh-server nginx-light haproxy systemd)
bench=(nginx-light wrk valgrind)
lint=(clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev)

# A Node that came from elsewhere (nvm, a vendor's package) serves the tests as well as Debian's.
command -v node >/dev/null || test+=(nodejs)
command -v npm >/dev/null || test+=(npm)

# Debian's default Boost; its headers live where those of 1.81 go, so apt refuses to have both.
other_boost=(libboost1.74-dev libboost-dev)

die() {
    printf 'deps: %s\n' "$@" >&2
    exit 1
}

(($#)) || set -- build test
wanted=()
for group; do
    case $group in
        build | test | bench | lint) declare -n packages=$group && wanted+=("${packages[@]}") ;;
        *) die "no group \"$group\"; groups are: build test bench lint" ;;
    esac
done

command -v dpkg-query >/dev/null || die "this machine has no dpkg; install by hand: ${wanted[*]}"
declare -A installed=()
while read -r state name; do
    [[ $state != installed ]] || installed[$name]=1
done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' \
    "${wanted[@]}" "${other_boost[@]}" 2>/dev/null)

missing=()
for name in "${wanted[@]}"; do
    [[ -n ${installed[$name]:-} ]] || missing+=("$name")
done
((${#missing[@]})) || exit 0

for name in "${other_boost[@]}"; do
    if [[ " ${missing[*]} " == *" libboost1.81-dev "* && -n ${installed[$name]:-} ]]; then
        die "$name is installed and conflicts with libboost1.81-dev, which Parley needs" \
            "remove it first: apt-get remove ${other_boost[*]}"
    fi
done

# DPkg::Lock::Timeout: another apt may be at work; wait for it.
install=(apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}")
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || die "not root, and no sudo here; run as root:" "  ${install[*]}"
    as_root=(sudo)
fi

# Servers start themselves when installed; benchmarks and tests want the programs alone, on ports of
# their own. While this file answers 101, packages start no service. (systemd
# heeds no RUNLEVEL=1.)
policy=/usr/sbin/policy-rc.d
servers='nginx-light|postgresql-15|openssh-server|haproxy'
if [[ " ${missing[*]} " =~ " "($servers)" " && ! -e $policy ]]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "deps: installing ${missing[*]}"
# No lock timeout exists for package lists, hence the second try; with old lists apt may still do.
"${as_root[@]}" apt-get update -q || { sleep 20 && "${as_root[@]}" apt-get update -q; } || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" ||
    die "apt-get failed; the words above say why. To try by hand:" "  ${install[*]}"
