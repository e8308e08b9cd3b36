#!/usr/bin/env python3
"""Runs direct, nginx and Parley side by side on this machine and prints how they compare.

README.md beside this folder says how and why. The exit status is 0 whatever the figures are.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time
import types

import costs
import dialects
import procs
import report
import scenarios
import targets

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
RETRY_BUDGET_S = 60
RETRY_BUDGET_QUICK_S = 10


def parse_arguments():
    default = [scenario.name for scenario in scenarios.ALL if scenario.is_default]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bin", type=pathlib.Path, default=REPOSITORY / "build/release/bin",
                        help="folder of bench_upstream and bench_load (default %(default)s)")
    parser.add_argument("--parley", type=pathlib.Path, help="default: parley in --bin")
    parser.add_argument("--nginx", help="default: nginx in the PATH")
    parser.add_argument("--stock-nginx", action="store_true",
                        help="also nginx with its default buffer sizes")
    parser.add_argument("--target", action="append", default=[], metavar="NAME=URL[|HEADER: V]",
                        help="a further proxy that runs already; may be repeated")
    parser.add_argument("--upstream-port", type=int, default=0,
                        help="fixed, so that --target can be configured for it")
    parser.add_argument("--scenarios", default=",".join(default),
                        help="of " + ",".join(scenario.name for scenario in scenarios.ALL))
    parser.add_argument("--rounds", type=int, help="of A-B-C-C-B-A each (default 3)")
    parser.add_argument("--block-ms", type=int, help="length of one block (default 1200)")
    parser.add_argument("--quick", action="store_true", help="one round of short blocks: 40 s")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--no-costs", action="store_true", help="no callgrind, no strace")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write raw figures")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.block_ms = arguments.block_ms or (400 if arguments.quick else 1200)
    known = {scenario.name: scenario for scenario in scenarios.ALL}
    names = arguments.scenarios.split(",")
    if set(names) - set(known):
        parser.error(f"unknown scenario in {arguments.scenarios}; known: {', '.join(known)}")
    arguments.scenarios = [known[name] for name in names]
    for program in ("bench_upstream", "bench_load"):
        if not (arguments.bin / program).exists():
            parser.error(f"{arguments.bin / program} is not built")
    arguments.parley = arguments.parley or arguments.bin / "parley"
    return arguments


def loud(text):
    print(f"!! {text}", flush=True)


def start_upstream(bench, arguments):
    argv = [arguments.bin / "bench_upstream", "--port", arguments.upstream_port]
    upstream = procs.Process(argv, procs.LOAD_CORE, bench.folder / "upstream.log", stdout=-1)
    line = upstream.child.stdout.readline().split()
    if len(line) != 2:
        raise RuntimeError(f"bench_upstream did not start: {upstream.log_tail()}")
    return upstream, int(line[1])


def list_targets(bench, arguments, port):
    found = [targets.Direct(bench.upstream, port)]
    nginx = targets.find_nginx(arguments.nginx)
    if nginx:
        found.append(targets.Nginx("nginx", nginx, bench.folder, port, True))
        if arguments.stock_nginx:
            found.append(targets.Nginx("nginx-stock", nginx, bench.folder, port, False))
    else:
        loud("NGINX IS NOT INSTALLED: no ratios, most verdicts will be missing")
    if arguments.parley.exists():
        for kind in (targets.Parley, targets.Crossing):
            found.append(kind(arguments.parley.resolve(), bench.folder, port))
    else:
        loud(f"PARLEY IS NOT BUILT: {arguments.parley} does not exist")
    return found + [targets.External(text) for text in arguments.target]


def stamp(arguments):
    """What was measured comes from the binary that ran, not from the state of the tree."""
    about = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "kernel": platform.release(),
             "cpus": os.cpu_count(), "load_average": os.getloadavg()}
    with contextlib.suppress(OSError, StopIteration):
        cpu_info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        about["cpu"] = next(line for line in cpu_info if "model name" in line).split(": ")[1]
    if arguments.parley.exists():
        about["parley_sha256"] = hashlib.sha256(arguments.parley.read_bytes()).hexdigest()
        about["parley_version"] = first_line([arguments.parley, "--version"])
    nginx = targets.find_nginx(arguments.nginx)
    about["nginx_version"] = first_line([nginx, "-v"]) if nginx else None
    return about


def first_line(argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
        return done.stdout.decode(errors="replace").strip().split("\n")[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)


def weigh(bench, found):
    weights = {}
    for target in [target for target in found if target.can_start]:
        try:
            weight = weights[target.name] = costs.memory(bench, target)
            if weight["held"] < costs.HELD_STREAMS:
                loud(f"{target.name} kept {weight['held']} of {costs.HELD_STREAMS} idle streams")
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            loud(f"memory of {target.name}: {error}")
    return weights


def takes_part(target, scenario):
    return scenario.crosses or target.dialect is dialects.Chat


def start_and_verify(bench, found, chosen):
    """The targets that answer every scenario rightly; the others are named and left out."""
    ready = []
    for target in found:
        try:
            if target.can_start:
                target.start()
                bench.stack.callback(target.stop)
            wrong = ""
            for scenario in [one for one in chosen if takes_part(target, one)]:
                wrong = wrong or scenarios.verify(target, scenario)
                if not wrong and not scenario.count:
                    warm_up = ["--duration-ms", 150]
                    arguments = scenarios.load_arguments(target, scenario)
                    scenarios.run_load(bench, arguments + warm_up)
            if wrong:
                raise RuntimeError(f"wrong answer: {wrong}")
            ready.append(target)
        except RuntimeError as error:
            loud(f"{target.name.upper()} IS LEFT OUT: {error}")
    return ready


def run_calm_block(bench, target, scenario, block_ms):
    """Once more when others used the machine meanwhile, as long as the budget lasts."""
    block = scenarios.run_block(bench, target, scenario, block_ms)
    if block["others"] > report.NOISY_CORES and bench.retry_left_s > 0:
        began = time.monotonic()
        again = scenarios.run_block(bench, target, scenario, block_ms)
        bench.retry_left_s -= time.monotonic() - began
        return min(block, again, key=lambda one: one["others"])
    return block


def run_rounds(bench, ready, arguments):
    blocks = {scenario.name: {target.name: [] for target in ready if takes_part(target, scenario)}
              for scenario in arguments.scenarios}
    for round_number in range(arguments.rounds):
        for scenario in arguments.scenarios:
            # A-B-C-C-B-A: what drifts evenly, drifts for all.
            orders = [ready, ready[::-1]] * scenario.repeats
            if arguments.quick and scenario.count:
                orders = orders[:1]
            for pass_number, order in enumerate(orders):
                for target in [one for one in order if takes_part(one, scenario)]:
                    block = run_calm_block(bench, target, scenario, arguments.block_ms)
                    block["pass"] = f"{round_number}.{pass_number}"
                    blocks[scenario.name][target.name].append(block)
            print(f"round {round_number + 1}/{arguments.rounds}: {scenario.name}", flush=True)
    return blocks


def count_costs(bench, ready, is_quick):
    counts = {"instructions": costs.instructions, "syscalls": costs.syscalls}
    if not is_quick:
        counts["event_instructions"] = costs.event_instructions
    found = {}
    for target in [target for target in ready if target.can_start]:
        found[target.name] = {}
        for name, count in counts.items():
            try:
                found[target.name][name] = count(bench, target)
            except (RuntimeError, OSError) as error:
                loud(f"{name} of {target.name}: {error}")
    return found


def run(bench, arguments):
    bench.upstream, port = start_upstream(bench, arguments)
    bench.stack.callback(bench.upstream.stop)
    found = list_targets(bench, arguments, port)
    about = stamp(arguments)
    for name, value in about.items():
        print(f"{name}: {value}")
    memory = {} if arguments.no_memory else weigh(bench, found)
    ready = start_and_verify(bench, found, arguments.scenarios)
    blocks = run_rounds(bench, ready, arguments)
    for target in ready:
        if target.can_start:
            target.stop()
    counted = {} if arguments.no_costs else count_costs(bench, ready, arguments.quick)
    for scenario in arguments.scenarios:
        report.print_scenario(scenario, blocks[scenario.name])
    report.print_costs(memory, counted)
    report.print_calmness(blocks)
    verdicts = report.verdicts(blocks, memory, counted)
    report.print_verdicts(verdicts)
    if arguments.json:
        raw = {"about": about, "blocks": blocks, "memory": memory, "costs": counted,
               "verdicts": verdicts}
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    procs.raise_file_limit()
    if (os.cpu_count() or 1) < 2:
        loud("ONE CPU: the proxy shares it with the load, figures mean little")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        bench = types.SimpleNamespace(
            folder=folder, stack=stack, load_program=arguments.bin / "bench_load",
            retry_left_s=RETRY_BUDGET_QUICK_S if arguments.quick else RETRY_BUDGET_S)
        began = time.monotonic()
        try:
            run(bench, arguments)
        except (RuntimeError, OSError) as error:
            loud(f"THE BENCH STOPPED: {error}")
        except KeyboardInterrupt:
            loud("interrupted")
        print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
