"""tools/run_tests.py counts what ran and fails when it must."""
import os
import pathlib
import stat
import subprocess
import sys

RUNNER = pathlib.Path(__file__).resolve().parents[2] / "tools/run_tests.py"

# What a GoogleTest program does as far as the runner can see: write a report, end with a status.
FAKE_PROGRAM = """#!/usr/bin/env python3
import json, sys
report = next(a for a in sys.argv if a.startswith("--gtest_output=json:")).split(":", 1)[1]
cases = {cases}
json.dump({{"testsuites": [{{"testsuite": cases}}]}}, open(report, "w"))
sys.exit({status})
"""
PASSED, SKIPPED = {"result": "COMPLETED"}, {"result": "SKIPPED"}
FAILED = {"result": "COMPLETED", "failures": [{"failure": "1 is not 2"}]}


def make_program(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run_on(folder):
    done = subprocess.run([sys.executable, RUNNER, "--programs", folder], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip().splitlines()[-1]


def test_counts_of_all_programs_are_added_up(tmp_path):
    make_program(tmp_path, "test_a", FAKE_PROGRAM.format(cases=[PASSED, PASSED], status=0))
    make_program(tmp_path, "test_b", FAKE_PROGRAM.format(cases=[PASSED, SKIPPED], status=0))
    assert run_on(tmp_path) == (0, "3 passed, 0 failed, 1 skipped")


def test_a_failed_case_fails_the_run(tmp_path):
    make_program(tmp_path, "test_a", FAKE_PROGRAM.format(cases=[PASSED, FAILED], status=1))
    assert run_on(tmp_path) == (1, "1 passed, 1 failed, 0 skipped")


def test_a_crash_without_a_report_is_a_failure(tmp_path):
    make_program(tmp_path, "test_a", "#!/bin/sh\nkill -SEGV $$\n")
    assert run_on(tmp_path) == (1, "0 passed, 1 failed, 0 skipped")


def test_a_crash_after_the_report_is_a_failure(tmp_path):
    make_program(tmp_path, "test_a", FAKE_PROGRAM.format(cases=[PASSED], status=134))
    assert run_on(tmp_path) == (1, "1 passed, 1 failed, 0 skipped")


def test_no_test_at_all_fails_the_run(tmp_path):
    assert run_on(tmp_path) == (1, "0 passed, 0 failed, 0 skipped")


def test_kernels_run_under_an_emulator_once_for_each_processor_and_are_told_what_it_has(tmp_path):
    emulators, build = tmp_path / "bin", tmp_path / "build"
    emulators.mkdir()
    build.mkdir()
    make_program(emulators, "qemu-x86_64", f'#!/bin/sh\necho "$2: $RIPOSTE_EXPECTED_KERNELS" >> {tmp_path}/log\nshift 2\n"$@"\n')
    make_program(build, "test_kernels", FAKE_PROGRAM.format(cases=[PASSED], status=0))
    make_program(build, "test_other", FAKE_PROGRAM.format(cases=[FAILED], status=1))
    done = subprocess.run([sys.executable, RUNNER, "--emulated-x86", build], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PATH": f"{emulators}:{os.environ['PATH']}"})
    assert done.stdout.strip().splitlines()[-1] == "2 passed, 0 failed, 0 skipped"
    assert sorted((tmp_path / "log").read_text().splitlines()) == ["Nehalem: reference", "max: avx2 reference"]
