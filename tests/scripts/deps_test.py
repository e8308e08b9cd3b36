#!/usr/bin/env python3
"""What scripts/deps.sh does on machines other than this one: its packages are played by programs
that stand first in PATH, and nothing is installed."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
TOOLS = ("env", "rm", "tee", "chmod", "sleep")


def wanted():
    """The packages of a plain run, as the script lists them."""
    words = subprocess.run(
        ["bash", "-c", "source <(sed -n '/^build=/,/^bench=/p' scripts/deps.sh | sed '$d'); "
                       "printf '%s\\n' \"${build[@]}\" \"${test[@]}\""],
        cwd=TREE, capture_output=True, text=True, check=True)
    return words.stdout.split()


class Machine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = pathlib.Path(folder.name)
        self.bin.chmod(0o755)
        self.calls = self.bin / "calls"
        self.calls.touch()
        self.calls.chmod(0o666)
        # A copy, as nobody may be barred from where the tree lies.
        self.script = self.bin / "deps.sh"
        self.script.write_text((TREE / "scripts/deps.sh").read_text())
        self.script.chmod(0o644)
        # Never links: a test that plays one of these would write through them.
        for tool in TOOLS:
            self.program(tool, f'exec {shutil.which(tool)} "$@"')
        for tool in ("node", "npm"):
            self.program(tool, "true")

    def program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def has_packages(self, names):
        lines = "".join(f"installed {name}\\n" for name in names)
        self.program("dpkg-query", f"printf '{lines}'")

    def apt(self, status=0):
        self.program("apt-get", f'echo "apt-get $*" >> "{self.calls}"; exit {status}')

    def run_it(self, *groups, user=None):
        as_user = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        return subprocess.run(["/bin/bash", self.script, *groups],
                              env={"PATH": str(self.bin)}, cwd="/", stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, **as_user)

    def unprivileged(self):
        return NOBODY if os.geteuid() == 0 else None

    def test_says_and_does_nothing_when_nothing_is_missing(self):
        self.has_packages(wanted())
        self.apt()
        done = self.run_it()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.calls.read_text(), "")

    def test_without_root_or_sudo_it_names_the_command_to_run(self):
        self.has_packages(set(wanted()) - {"ninja-build", "libpq-dev"})
        self.apt()
        done = self.run_it(user=self.unprivileged())
        self.assertEqual(done.returncode, 1)
        self.assertIn("deps: not root, and no sudo here; run as root:", done.stderr)
        self.assertRegex(done.stderr, r"apt-get install .*ninja-build libpq-dev$")
        self.assertEqual(self.calls.read_text(), "")

    def test_with_sudo_it_installs_what_is_missing_and_no_more(self):
        self.has_packages(set(wanted()) - {"ninja-build", "libpq-dev"})
        self.apt()
        self.program("sudo", f'echo sudo >> "{self.calls}"; exec "$@"')
        done = self.run_it(user=self.unprivileged())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        sudo, update, again, install = self.calls.read_text().splitlines()
        self.assertEqual((sudo, update, again), ("sudo", "apt-get update -q", "sudo"))
        self.assertRegex(install, r"^apt-get install -y .*ninja-build libpq-dev$")

    def test_a_failing_apt_is_told_with_the_command_to_try(self):
        self.has_packages(set(wanted()) - {"ninja-build"})
        self.apt(status=100)
        self.program("sudo", 'exec "$@"')
        self.program("sleep", "true")
        done = self.run_it(user=self.unprivileged())
        self.assertEqual(done.returncode, 1)
        self.assertIn("deps: apt-get failed", done.stderr)
        self.assertRegex(done.stderr, r"apt-get install .*ninja-build\n$")

    def test_another_boost_is_named_before_anything_is_done(self):
        self.has_packages((set(wanted()) - {"libboost1.81-dev"}) | {"libboost-dev"})
        self.apt()
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("deps: libboost-dev is installed and conflicts with libboost1.81-dev",
                      done.stderr)
        self.assertEqual(self.calls.read_text(), "")

    def test_an_unknown_group_is_named_with_those_there_are(self):
        done = self.run_it("tset")
        self.assertEqual(done.returncode, 1)
        self.assertIn('no group "tset"; groups are: build test bench lint', done.stderr)

    def test_a_machine_without_dpkg_is_told_what_to_install(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("this machine has no dpkg; install by hand: g++ cmake", done.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
