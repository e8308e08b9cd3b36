#!/usr/bin/env python3
"""How soon a plugin that is dropped into the folder serves, and what its leaving costs.

  bench/macro/drop.py [--parley build/release/bin/parley] [--drops 20] [--json FILE]

A client asks the example provider all the time, one request after the other. A library that says
something else is put in its place by a rename; the first reply with the new words ends the time.
Then the old one is unloaded, which the log tells. The longest reply around each of the two moments
stands beside the longest one within half a second in which nothing happens.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import tempfile
import time

import procs

WORDS = b"a proxy between AI clients"
KEY = "sk-a-key-of-the-bench-0001"
COOL_MS = 100
QUESTION = json.dumps({"model": "example", "messages": [{"role": "user", "content": "hi"}]})


def words(number):
    """As long as those that they stand for."""
    return b"the plugin of drop %07d" % number + b" " * (len(WORDS) - 26)


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.longest_ms = 0.0

    def ask(self):
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        begin = time.perf_counter()
        self.connection.request("POST", "/v1/chat/completions", QUESTION, headers)
        reply = self.connection.getresponse()
        body = reply.read()
        self.longest_ms = max(self.longest_ms, (time.perf_counter() - begin) * 1e3)
        if reply.status != 200:
            raise RuntimeError(f"status {reply.status}: {body[:200]}")
        return body

    def ask_until(self, is_over):
        """The longest reply on the way there, in ms."""
        self.longest_ms = 0.0
        deadline = time.perf_counter() + 30
        while not is_over(self.ask()):
            if time.perf_counter() > deadline:
                raise RuntimeError("nothing came of it within 30 s")
        return self.longest_ms


def started(port):
    """A client that has been answered."""
    for _ in range(100):
        client = Client(port)
        try:
            client.ask()
            return client
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("Parley does not answer")


def put(folder, text):
    """Whole or not at all."""
    beside = folder / ".example.new"
    beside.write_bytes(text)
    os.rename(beside, folder / "example.so")


def configuration(port, folder, quiet_ms):
    return f"""
[server]
listen = ["127.0.0.1:{port}"]
threads = 1
[log]
format = "json"
[[client_key]]
name = "bench"
key = "{KEY}"
[plugins]
folders = ["{folder}"]
quiet_ms = {quiet_ms}
cool_ms = {COOL_MS}
[[provider]]
name = "example"
"""


def one_drop(client, log, folder, good, number):
    unloaded = log.read_text().count('"plugin unloaded"')
    time.sleep(0.05)
    calm_ms = client.ask_until(lambda _, end=time.perf_counter() + 0.5: time.perf_counter() > end)
    begin = time.perf_counter()
    put(folder, good.replace(WORDS, words(number)))
    load_ms = client.ask_until(lambda body: words(number) in body)
    serves_ms = (time.perf_counter() - begin) * 1e3

    def is_gone(_):
        return log.read_text().count('"plugin unloaded"') > unloaded
    unload_ms = client.ask_until(is_gone) if number > 2 else 0.0
    return serves_ms, calm_ms, load_ms, unload_ms


def measured(parley, drops, quiet_ms):
    good = (parley.parent.parent / "lib/parley/plugins/example.so").read_bytes()
    if good.count(WORDS) != 1:
        raise RuntimeError("the example plugin does not say what it used to")
    with tempfile.TemporaryDirectory(prefix="parley-drop-") as name:
        folder = pathlib.Path(name) / "plugins"
        folder.mkdir(mode=0o700)
        put(folder, good.replace(WORDS, words(0)))
        port = procs.free_port()
        file = pathlib.Path(name) / "parley.toml"
        file.write_text(configuration(port, folder, quiet_ms))
        file.chmod(0o600)
        log = pathlib.Path(name) / "log"
        argv = [parley, "--no-supervisor", "--config", file, "--state", f"{name}/state"]
        with procs.Process(argv, procs.PROXY_CORE, log):
            client = started(port)
            return [one_drop(client, log, folder, good, number + 1) for number in range(drops)]


def middle(values):
    return f"{statistics.median(values):8.2f} ms ({min(values):.2f}-{max(values):.2f})"


def main():
    args = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    args.add_argument("--parley", type=pathlib.Path, default="build/release/bin/parley")
    args.add_argument("--drops", type=int, default=20)
    args.add_argument("--json", type=pathlib.Path)
    chosen = args.parse_args()
    kept = {}
    for quiet_ms in (250, 20):
        rows = measured(chosen.parley.resolve(), chosen.drops, quiet_ms)
        serves, calm, load, unload = zip(*rows)
        kept[quiet_ms] = rows
        print(f"plugins.quiet_ms = {quiet_ms}, {chosen.drops} drops")
        print("  from the drop to the first request served ", middle(serves))
        print("  longest reply meanwhile                   ", middle(load))
        print("  longest reply until the old one is gone   ", middle(unload[2:]))
        print("  longest reply in half a second of calm    ", middle(calm))
    if chosen.json:
        chosen.json.write_text(json.dumps(kept))


if __name__ == "__main__":
    main()
