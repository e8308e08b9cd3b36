"""Costs that other load on the machine does not move: memory at rest, instructions, syscalls."""

import pathlib
import re
import shutil
import tempfile
import time

import procs
import scenarios

HELD_STREAMS = 1000
SHORT_RUN = 200
LONG_RUN = 1200
RELAY = scenarios.named("1k")
PACE = scenarios.named("pace")


def memory(bench, target):
    """Of a fresh process: before any request, with open idle streams, and after they left."""
    target.start()
    try:
        idle = procs.memory_kib(target.pids())
        warm_up = ["--count", "5", "--connections", "1"]
        scenarios.run_load(bench, scenarios.load_arguments(target, RELAY) + warm_up)
        before = procs.memory_kib(target.pids())
        argv = [bench.load_program, "--url", target.url, "--hold", HELD_STREAMS,
                *target.dialect.load_words]
        for header in target.headers:
            argv += ["--header", header]
        log = bench.folder / "load.log"
        with procs.Process(argv, procs.LOAD_CORE, log, stdin=-1, stdout=-1) as load:
            opened = load.child.stdout.readline().decode()
            time.sleep(1)
            during = procs.memory_kib(target.pids())
            closed = load.child.communicate(timeout=20)[0].decode()
        time.sleep(1)
        after = procs.memory_kib(target.pids())
    finally:
        target.stop()
    held = int(re.search(r'"held":(\d+)', closed or opened).group(1))
    return {"idle": idle, "held": held, "during": during, "after": after,
            "stream_kib": (during["rss_kib"] - before["rss_kib"]) / held if held else None}


def _count_on(bench, target, scenario, connections, count):
    load = scenarios.load_arguments(target, scenario) + ["--timeout-ms", "60000"]
    result = scenarios.run_load(bench, [*load, "--connections", connections, "--count", count])
    if result["errors"]:
        raise RuntimeError(f"{target.name}: errors in a counted run: {result['faults']}")


def _instructions_of_run(bench, target, *load):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="callgrind-", dir=target.folder))
    wrapper = ["valgrind", "--quiet", "--tool=callgrind", "--trace-children=yes",
               f"--callgrind-out-file={folder}/out.%p"]
    target.start(wrapper, is_one_process=True, patience_s=90)
    try:
        _count_on(bench, target, *load)
    finally:
        target.stop()
    totals = [re.findall(r"^(?:totals|summary): (\d+)", path.read_text(), re.M)
              for path in folder.iterdir()]
    return sum(int(found[-1]) for found in totals if found)


def _syscalls_of_run(bench, target, *load):
    output = target.folder / "strace.txt"
    target.start(["strace", "-f", "-c", "-o", output], is_one_process=True, patience_s=30)
    try:
        _count_on(bench, target, *load)
    finally:
        # strace blocks SIGTERM while it writes to a file, and ends with what it traces.
        tracer = target.process.pid
        target.stop(pids=[pid for pid in target.pids() if _parent(pid) == tracer])
    # % time, seconds, usecs/call, calls, errors (if any), "total"
    total = r"^\s*100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total"
    found = re.search(total, output.read_text(), re.M)
    if not found:
        raise RuntimeError("strace wrote no total")
    return int(found.group(1))


def _parent(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^PPid:\s+(\d+)", status, re.M).group(1))


# Each takes the difference of two run lengths: start-up, warm-up and shut-down fall out of it.

def _per_request(run, bench, target):
    short, long = (run(bench, target, RELAY, 1, count) for count in (SHORT_RUN, LONG_RUN))
    return (long - short) / (LONG_RUN - SHORT_RUN)


def instructions(bench, target):
    return _per_request(_instructions_of_run, bench, target) if shutil.which("valgrind") else None


def syscalls(bench, target):
    return _per_request(_syscalls_of_run, bench, target) if shutil.which("strace") else None


def event_instructions(bench, target):
    """Of a paced stream, where no event can hide in the read of another."""
    if not shutil.which("valgrind"):
        return None
    few, many = (_instructions_of_run(bench, target, PACE, count, count) for count in (2, 12))
    return (many - few) / (10 * PACE.events)
