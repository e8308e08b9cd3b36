"""Tables of medians, and the verdicts on the targets that Parley sets itself."""

import statistics

CPU_RATIO_MAX = 1.2
CPU_SCENARIOS = ["1k", "100k-response", "100k-request", "sse"]
CROSSING_CPU_RATIO_MAX = 2.0
CROSSING_STREAMS_MIN = 0.9
INSTRUCTIONS_MAX = 45_000
ADDED_P50_OVER_NGINX_MAX_US = 30
IDLE_RSS_MAX_MIB = 10
STREAM_RSS_MAX_KIB = 24
NOISY_CORES = 0.15


def values(blocks, key):
    return [block[key] for block in blocks if block[key] is not None]


def median(blocks, key):
    found = values(blocks, key)
    return statistics.median(found) if found else None


def paired_ratio(blocks, base, key):
    """Median of the ratios within each pass: what drifts, drifts for both."""
    bases = {block["pass"]: block[key] for block in base}
    ratios = [block[key] / bases[block["pass"]] for block in blocks
              if block[key] is not None and bases.get(block["pass"])]
    return statistics.median(ratios) if ratios else None


def _number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"


def _spread(blocks, key):
    found = values(blocks, key)
    if not found:
        return "-"
    return f"{_number(statistics.median(found))} ({_number(min(found))}-{_number(max(found))})"


def _times(ratio):
    return "-" if ratio is None else f"{ratio:.2f}"


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells))


def print_scenario(scenario, blocks_of):
    """`blocks_of`: target name -> its blocks."""
    print(f"\n{scenario.name}: {scenario.title}")
    unit = scenario.unit
    rate = "streams/s" if scenario.events else "req/s"
    rows = [["target", f"{rate} (min-max)", "x nginx", "p50 us", "p99 us",
             f"CPU us/{unit} (min-max)", "x nginx", "core", "RSS MiB", "errors", "noisy"]]
    for name, blocks in blocks_of.items():
        base = blocks_of.get("nginx", [])
        core, rss = median(blocks, "core"), median(blocks, "rss_kib")
        noisy = sum(block["others"] > NOISY_CORES for block in blocks)
        errors = str(sum(block["errors"] for block in blocks))
        if any(block["died"] for block in blocks):
            errors += ", DIED"
        rows.append([
            name, _spread(blocks, "per_second"), _times(paired_ratio(blocks, base, "per_second")),
            _spread(blocks, "p50_us"), _spread(blocks, "p99_us"),
            _spread(blocks, "cpu_us") + (" up" if name == "direct" else ""),
            "-" if name == "direct" else _times(paired_ratio(blocks, base, "cpu_us")),
            "-" if core is None else f"{core:.0%}", f"{rss / 1024:.1f}" if rss else "-",
            errors, f"{noisy}/{len(blocks)}"])
    print_table(rows)


def print_costs(memory, costs):
    print("\nmemory of a fresh process (sum over its processes), and cost of one 1 KB relay, "
          "one after the other")
    rows = [["target", "RSS idle MiB", "Pss idle MiB", "RSS with streams MiB", "KiB/stream",
             "RSS after MiB", "instructions/req", "syscalls/req", "instructions/paced event"]]
    for name in dict.fromkeys([*memory, *costs]):
        found, cost = memory.get(name), costs.get(name, {})
        row = [name, "-", "-", "-", "-", "-"]
        if found:
            streams = f"{found['during']['rss_kib'] / 1024:.1f} ({found['held']})"
            row = [name, f"{found['idle']['rss_kib'] / 1024:.1f}",
                   f"{found['idle']['pss_kib'] / 1024:.1f}", streams,
                   _number(found["stream_kib"]), f"{found['after']['rss_kib'] / 1024:.1f}"]
        names = ("instructions", "syscalls", "event_instructions")
        rows.append(row + [_number(cost.get(name)) for name in names])
    print_table(rows)


def print_calmness(blocks):
    every = [block for of in blocks.values() for found in of.values() for block in found]
    noisy = sum(block["others"] > NOISY_CORES for block in every)
    if noisy * 2 > len(every):
        print(f"\n!! THE MACHINE WAS BUSY WITH OTHER WORK in {noisy} of {len(every)} blocks: "
              "read the ratios, not the figures")


def _verdict(what, value, limit, text, at_least=False):
    is_met = value is not None and (value >= limit if at_least else value <= limit)
    word = "not measured" if value is None else "met" if is_met else "MISSED"
    return {"verdict": word, "target": what, "value": value, "limit": limit,
            "text": "" if value is None else text}


def _cpu_verdict(name, blocks_of, who="parley", limit=CPU_RATIO_MAX):
    ours, nginx = blocks_of.get(who, []), blocks_of.get("nginx", [])
    ratio = paired_ratio(ours, nginx, "cpu_us")
    text = f"{_times(ratio)} x nginx: medians {_number(median(ours, 'cpu_us'))} and " \
           f"{_number(median(nginx, 'cpu_us'))} us"
    what = name if who == "parley" else f"{name} crossing"
    return _verdict(f"CPU {what} <= {limit} x nginx", ratio, limit, text)


def _crossing_verdicts(blocks):
    found = [_cpu_verdict("1k", blocks.get("1k", {}), "crossing", CROSSING_CPU_RATIO_MAX)]
    streams = blocks.get("sse", {})
    crossing, relay = streams.get("crossing", []), streams.get("parley", [])
    ratio = paired_ratio(crossing, relay, "per_second")
    text = f"{_times(ratio)}: medians {_number(median(crossing, 'per_second'))} and " \
           f"{_number(median(relay, 'per_second'))} a second"
    found.append(_verdict(f"crossing sse streams >= {CROSSING_STREAMS_MIN} x relay's", ratio,
                          CROSSING_STREAMS_MIN, text, at_least=True))
    return found


def _added_p50(blocks_of, name):
    direct = {block["pass"]: block["p50_us"] for block in blocks_of.get("direct", [])}
    added = [block["p50_us"] - direct[block["pass"]] for block in blocks_of.get(name, [])
             if block["p50_us"] is not None and direct.get(block["pass"]) is not None]
    return statistics.median(added) if added else None


def verdicts(blocks, memory, costs):
    """`blocks`: scenario name -> target name -> blocks."""
    found = [_cpu_verdict(name, blocks.get(name, {})) for name in CPU_SCENARIOS]
    found += _crossing_verdicts(blocks)
    count = costs.get("parley", {}).get("instructions")
    base = costs.get("nginx", {}).get("instructions")
    found.append(_verdict(f"instructions of a 1 KB relay <= {INSTRUCTIONS_MAX}", count,
                          INSTRUCTIONS_MAX, f"{count or 0:.0f} (nginx {_number(base)})"))
    added, base = (_added_p50(blocks.get("c1", {}), name) for name in ("parley", "nginx"))
    over = None if added is None or base is None else added - base
    found.append(_verdict(
        f"added p50 at one connection <= nginx's + {ADDED_P50_OVER_NGINX_MAX_US} us", over,
        ADDED_P50_OVER_NGINX_MAX_US, f"{added or 0:.0f} us against {base or 0:.0f} us"))
    rest = memory.get("parley")
    idle = rest["idle"]["rss_kib"] / 1024 if rest else None
    found.append(_verdict(f"RSS idle <= {IDLE_RSS_MAX_MIB} MiB", idle, IDLE_RSS_MAX_MIB,
                          f"{idle or 0:.1f} MiB"))
    stream = rest["stream_kib"] if rest else None
    found.append(_verdict(f"RSS of an idle open stream <= {STREAM_RSS_MAX_KIB} KiB", stream,
                          STREAM_RSS_MAX_KIB, f"{stream or 0:.1f} KiB"))
    return found


def print_verdicts(found):
    print("\nverdicts on Parley's own targets (nothing here gates anything)")
    rows = [[entry["verdict"], entry["target"].ljust(52), entry["text"]] for entry in found]
    for verdict, target, text in rows:
        print(f"  {verdict:<12}  {target}  {text}".rstrip())
