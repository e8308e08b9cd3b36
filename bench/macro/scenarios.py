"""What is asked of each target, and one block of it."""

import dataclasses
import http.client
import json
import urllib.parse

import dialects
import procs


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    model: str
    connections: int
    body_bytes: int = 400
    answer_bytes: int = 0
    events: int = 0
    unit: str = "request"      # what CPU is divided by
    timing: str = "latency_us"
    is_model_last: bool = False
    count: int = 0             # instead of a duration
    rate: int = 0
    repeats: int = 1           # in each round
    crosses: bool = False      # asked in another dialect, too
    is_default: bool = True


ALL = [
    Scenario("1k", "0.4 KB request, 1 KB answer, 32 connections", "bench-1k", 32,
             answer_bytes=1000, crosses=True),
    Scenario("10k", "10 KB request, 10 KB answer, 32 connections", "bench-10k", 32,
             body_bytes=10 * 1024, answer_bytes=10_000),
    Scenario("100k-response", "0.4 KB request, 100 KB answer, 16 connections", "bench-100k", 16,
             answer_bytes=100_000),
    Scenario("100k-request", "100 KB request (model behind the messages), 1 KB answer, "
             "16 connections", "bench-1k", 16, body_bytes=100 * 1024, answer_bytes=1000,
             is_model_last=True, crosses=True),
    Scenario("sse", "200 events as fast as they go, 16 connections", "bench-sse", 16, events=200,
             unit="stream", repeats=2, crosses=True),
    # The rate spreads the starts over the 10 ms, so that no event waits behind another stream's.
    Scenario("pace", "50 streams of 200 events, one each 10 ms; times are the lag of an event",
             "bench-pace", 50, events=200, unit="event", timing="lag_us", count=50, rate=5000,
             crosses=True),
    Scenario("c1", "0.4 KB request, 1 KB answer, one connection", "bench-1k", 1,
             answer_bytes=1000),
    Scenario("rate", "as 1k, open loop at 5000 a second; times from when each was due",
             "bench-1k", 64, answer_bytes=1000, rate=5000, is_default=False),
]


def named(name):
    return next(scenario for scenario in ALL if scenario.name == name)


def load_arguments(target, scenario):
    words = ["--url", target.url, "--model", scenario.model,
             "--connections", scenario.connections, "--body-bytes", scenario.body_bytes,
             *target.dialect.load_words]
    if scenario.events:
        words += ["--stream", "--expect-events", target.dialect.events_of(scenario.events)]
    if scenario.answer_bytes:
        words += ["--expect-bytes", target.dialect.bytes_of(scenario.answer_bytes)]
    if scenario.is_model_last:
        words += ["--model-last"]
    if scenario.rate:
        words += ["--rate", scenario.rate]
    for header in target.headers:
        words += ["--header", header]
    return words


def run_load(bench, arguments):
    """One run of bench_load; its JSON."""
    argv = [bench.load_program, *arguments]
    with procs.Process(argv, procs.LOAD_CORE, bench.folder / "load.log", stdout=-1) as load:
        output = load.child.communicate()[0]
        if load.child.returncode != 0:
            raise RuntimeError(f"bench_load failed: {load.log_tail()}")
    return json.loads(output)


def verify(target, scenario):
    """Asks once by another client than bench_load; returns what is wrong, or an empty text."""
    url = urllib.parse.urlsplit(target.url)
    headers = dict(header.split(": ", 1) for header in target.headers)
    headers["Content-Type"] = "application/json"
    question = target.dialect.question(scenario.model, scenario.events > 0)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    try:
        connection.request("POST", url.path, json.dumps(question), headers)
        reply = connection.getresponse()
        body = reply.read().decode()
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        return f"no whole answer: {error!r}"
    finally:
        connection.close()
    if reply.status != 200:
        return f"status {reply.status}: {body[:300]}"
    if not scenario.events:
        return dialects.wrong_reply(target.dialect, body, scenario.answer_bytes)
    # The upstream's first chunk is the role, its last the finish.
    return dialects.wrong_stream(target.dialect, body, scenario.events - 2)


def run_block(bench, target, scenario, block_ms):
    length = ["--count", scenario.count] if scenario.count else ["--duration-ms", block_ms]
    pids, upstream = target.pids(), [bench.upstream.pid]
    busy, cpu, upstream_cpu = procs.machine_busy_us(), procs.cpu_us(pids), procs.cpu_us(upstream)
    result = run_load(bench, load_arguments(target, scenario) + length)
    cpu = procs.cpu_between(cpu, procs.cpu_us(pids))
    upstream_cpu = procs.cpu_between(upstream_cpu, procs.cpu_us(upstream))
    busy = procs.machine_busy_us() - busy
    ours = result["load_cpu_us"] + upstream_cpu + (cpu if pids != upstream else 0)
    wall_us = max(result["seconds"] * 1e6, 1)
    units = result["events"] if scenario.unit == "event" else result["requests"]
    return {
        "per_second": result["per_second"],
        "p50_us": result[scenario.timing]["p50"] if scenario.timing in result else None,
        "p99_us": result[scenario.timing]["p99"] if scenario.timing in result else None,
        "cpu_us": cpu / units if pids and units else None,
        "core": cpu / wall_us if pids else None,
        "others": max(busy - ours, 0) / wall_us if pids else 0,
        "errors": result["errors"],
        "died": bool(set(pids) - set(target.pids())),
        **procs.memory_kib(pids),
        "load": result,
    }
