"""Processes of the bench: started pinned, weighed through /proc, stopped by their own id."""

import ctypes
import os
import pathlib
import platform
import re
import resource
import signal
import socket
import struct
import subprocess
import time

PROXY_CORE = 0
LOAD_CORE = 1
# Shields a run from other work here: a high weight, and a slice so short (0.1 ms; Linux 6.12) that
# whoever wakes up gets the core at once. The structure is sched_attr in its first, 48-byte form:
# size, policy, flags, nice, priority, runtime, deadline, period.
NICE = -15
SHIELD = struct.pack("IIQiIQQQ", 48, os.SCHED_OTHER, 0, NICE, 0, 100_000, 0, 0)
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}.get(platform.machine())
LIBC = ctypes.CDLL(None, use_errno=True)
TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _settle_on(core):
    def settle():
        if (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {core})
        try:
            if not SCHED_SETATTR or LIBC.syscall(SCHED_SETATTR, 0, SHIELD, 0) != 0:
                os.setpriority(os.PRIO_PROCESS, 0, NICE)
            # With autogroups a weight counts only within the session; this one is the session's.
            pathlib.Path("/proc/self/autogroup").write_text(str(NICE))
        except OSError:
            pass

    return settle


class Process:
    """A child in a session of its own, its output in a file; a context manager that stops it."""

    def __init__(self, argv, core, log, env=None, **pipes):
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": out, **pipes}
            self.child = subprocess.Popen(
                self.argv, stderr=out, env=env, start_new_session=True,
                preexec_fn=_settle_on(core), **pipes)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def is_running(self):
        return self.child.poll() is None

    def log_tail(self):
        return self.log.read_text(errors="replace")[-1500:].strip()

    def stop(self, patience_s=15, pids=None):
        """Asks `pids` (default: the child) to end, and kills what is left of its group later."""
        if self.is_running():
            for pid in pids or [self.pid]:
                _signal(os.kill, pid, signal.SIGTERM)
        end = time.monotonic() + patience_s
        while self.is_running() or _group_lives(self.pid):
            if time.monotonic() > end:
                print(f"!! {self.argv[0]} did not end {patience_s} s after SIGTERM; killed")
                _signal(os.killpg, self.pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        self.child.wait()


def _signal(send, target, number):
    try:
        send(target, number)
    except ProcessLookupError:
        pass


def _group_lives(group):
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, _, its_group = _stat_fields(entry)[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state not in "ZX":
            return True
    return False


def wait_for_port(port, process, patience_s):
    """True once something accepts; False when the process is gone or the time is over."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end and (process is None or process.is_running()):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _stat_fields(pid):
    # The command name, in parentheses, may hold blanks.
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(roots):
    """The given processes and all their descendants."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(_stat_fields(entry)[1])
            except (OSError, IndexError):
                pass
    members = {pid for pid in roots if pid in parents}
    while True:
        more = {pid for pid, parent in parents.items() if parent in members} - members
        if not more:
            return sorted(members)
        members |= more


def cpu_us(pids):
    """utime+stime of the processes twice: in ticks (whole history), and to the nanosecond, from
    the scheduler (without threads that have ended)."""
    coarse = fine = 0
    for pid in pids:
        try:
            fields = _stat_fields(pid)
            coarse += (int(fields[11]) + int(fields[12])) * TICK_US
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                fine += int((task / "schedstat").read_text().split()[0]) / 1000
        except (OSError, IndexError):
            pass
    return coarse, fine


def cpu_between(before, after):
    coarse, fine = after[0] - before[0], after[1] - before[1]
    return fine if abs(fine - coarse) <= 4 * TICK_US else coarse


def memory_kib(pids):
    """Sums of VmRSS (counts shared pages once for each process) and of Pss (counts them once)."""
    rss = pss = 0
    for pid in pids:
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            rss += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            pss += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
        except (OSError, AttributeError):
            pass
    return {"rss_kib": rss, "pss_kib": pss}


def machine_busy_us():
    """CPU that processes got or the host took; not interrupts, which are everybody's packets."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, steal = (int(fields[i]) for i in (1, 2, 3, 8))
    return (user + nice + system + steal) * TICK_US


def pids_listening_on(port):
    inodes = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port:
            inodes.add(f"socket:[{fields[9]}]")
    pids = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = {os.readlink(fd) for fd in pathlib.Path(f"/proc/{entry}/fd").iterdir()}
        except OSError:
            continue
        if links & inodes:
            pids.add(int(entry))
    return pids
