#!/usr/bin/env python3
"""Runs test programs, Python suites and fuzz targets; ends with one line "N passed, N failed, N skipped".

  run_tests.py --programs build/release            GoogleTest programs (test_*) of a build
               --sanitized build/fuzz gguf chat    the same of a sanitized build, for these layers ("all": every one)
               --emulated-arm build/arm            the same of a build for 64-bit Arm, under an emulator
               --emulated-x86 build/release        test_kernels on emulated x86-64 processors older than this one
               --pytest tests/cli tests/e2e        Python suites, against build/release/riposte
               --pytest-with PYTHON tests/specialist   the same with the libraries of another Python
               --fuzz build/fuzz --fuzz-seconds 10 each fuzz target: its corpus, then so many seconds of search

Exit status 0 if something passed and nothing failed. A program that crashes or hangs is one failure more.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 1800  # for one program; far more than any needs
FUZZ_INPUT_SECONDS = 10  # one input that takes longer is a finding
FUZZ_MEMORY_MB = 2048

# Emulated processors, and the kernels that must be found on each: one processor for every step of the ladder. All run
# test_kernels; the best Arm one also runs the tests of what stands below the kernels.
ARM_EMULATOR = ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-cpu")
ARM_PROCESSORS = {"max": "neon_i8mm neon_dotprod reference", "neoverse-n1": "neon_dotprod reference",
                  "cortex-a72": "reference"}
X86_EMULATOR = ("qemu-x86_64", "-cpu")
X86_PROCESSORS = {"max": "avx2 reference", "Nehalem": "reference"}


class Outcome:
    """What one program or suite gave."""

    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped = name, 0, 0, 0
        self.seconds, self.output, self.skip_reasons = 0.0, "", set()


def run(command, environment=None, timeout=TIMEOUT_SECONDS):
    """The exit status (None: it hung and was ended) and all output of a command."""
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **(environment or {})},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    except subprocess.TimeoutExpired as expired:
        return None, (expired.stdout or b"").decode(errors="replace") + f"\nstill running after {timeout} s: ended"
    return done.returncode, done.stdout.decode(errors="replace")


def timed(function):
    """Adds the time it took to an Outcome."""
    def wrapper(*arguments):
        start = time.monotonic()
        outcome = function(*arguments)
        outcome.seconds = time.monotonic() - start
        return outcome
    return wrapper


@timed
def run_program(program, label, emulator=(), environment=None):
    """One GoogleTest program, directly or as the argument of an emulator."""
    outcome = Outcome(f"{label}/{program.name}")
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "report.json"
        status, outcome.output = run([*emulator, program, f"--gtest_output=json:{report}", "--gtest_brief=1"],
                                     {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=1",
                                      **(environment or {})})
        try:
            suites = json.loads(report.read_text())["testsuites"]
        except (OSError, ValueError, KeyError):
            suites = []  # it ended before it could report
    for suite in suites:
        for case in suite["testsuite"]:
            if "failures" in case:
                outcome.failed += 1
            elif case["result"] == "SKIPPED":
                outcome.skipped += 1
                outcome.skip_reasons.update(entry["message"].split("\n", 1)[-1].strip() for entry in case.get("skipped", []))
            elif case["result"] == "COMPLETED":
                outcome.passed += 1
    if status != 0 and outcome.failed == 0:
        outcome.failed = 1
    return outcome


@timed
def run_suite(folder, python=sys.executable):
    """One folder of pytest files."""
    outcome = Outcome(folder)
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "report.xml"
        binary = os.environ.get("RIPOSTE_BINARY", str(ROOT / "build/release/riposte"))
        status, outcome.output = run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                                      folder], {"RIPOSTE_BINARY": binary, "PYTHONDONTWRITEBYTECODE": "1"})
        try:
            cases = list(ElementTree.parse(report).getroot().iter("testcase"))
        except (OSError, ElementTree.ParseError):
            cases = []
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            outcome.skipped += 1
            outcome.skip_reasons.add(skipped.get("message", ""))
        else:
            outcome.passed += 1
    if status != 0 and outcome.failed == 0:
        outcome.failed = 1
    return outcome


@timed
def run_fuzz_target(program, seconds):
    """One fuzz target: the committed corpus, then a search. One finding ends it."""
    outcome = Outcome(f"fuzz/{program.name}")
    findings = ROOT / "build/findings"
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        corpus = ROOT / "tests/fuzz/corpus" / program.name.removeprefix("fuzz_")
        command = [program, fresh] + ([corpus] if corpus.is_dir() else [])
        status, outcome.output = run(
            command + [f"-max_total_time={seconds}", f"-timeout={FUZZ_INPUT_SECONDS}", f"-rss_limit_mb={FUZZ_MEMORY_MB}",
                       f"-artifact_prefix={findings}/{program.name}-", "-print_final_stats=1"], timeout=seconds + 300)
    outcome.passed, outcome.failed = (1, 0) if status == 0 else (0, 1)
    return outcome


def programs_of(build, layers):
    """The GoogleTest programs of a build folder; `layers` None: all of them."""
    programs = sorted(path for path in (ROOT / build).glob("test_*") if path.is_file() and os.access(path, os.X_OK))
    if layers is None:
        return programs
    by_layer = {path.name.removeprefix("test_"): path for path in programs}
    missing = [layer for layer in layers if layer not in by_layer]
    if missing:
        sys.exit(f"no test program in {build} for: {', '.join(missing)}")
    return [by_layer[layer] for layer in layers]


def emulated_jobs(programs, emulator, processors):
    """Each program on each processor of an emulator."""
    return [(run_program, (program, f"{emulator[0]} {processor}", (*emulator, processor),
                           {"RIPOSTE_EXPECTED_KERNELS": kernels}))
            for processor, kernels in processors.items() for program in programs]


def jobs_of(arguments):
    """All that is to run, as (function, arguments)."""
    jobs = []
    for build in arguments.programs:
        jobs += [(run_program, (program, "release")) for program in programs_of(build, None)]
    if arguments.sanitized:
        build, *layers = arguments.sanitized
        chosen = programs_of(build, None if layers in ([], ["all"]) else layers)
        jobs += [(run_program, (program, "sanitized")) for program in chosen]
    if arguments.emulated_arm:
        kernels = programs_of(arguments.emulated_arm, ["kernels"])
        others = [program for program in programs_of(arguments.emulated_arm, None) if program not in kernels]
        jobs += emulated_jobs(kernels, ARM_EMULATOR, ARM_PROCESSORS)
        jobs += emulated_jobs(others, ARM_EMULATOR, {"max": ARM_PROCESSORS["max"]})
    if arguments.emulated_x86:
        jobs += emulated_jobs(programs_of(arguments.emulated_x86, ["kernels"]), X86_EMULATOR, X86_PROCESSORS)
    if arguments.fuzz:
        targets = sorted(path for path in (ROOT / arguments.fuzz).glob("fuzz_*") if path.is_file())
        jobs += [(run_fuzz_target, (target, arguments.fuzz_seconds)) for target in targets if os.access(target, os.X_OK)]
    python, *folders = arguments.pytest_with
    suites = [(folder,) for folder in arguments.pytest] + [(folder, python) for folder in folders]
    jobs += [(run_suite, suite) for suite in suites if list((ROOT / suite[0]).glob("test_*.py"))]
    return jobs


def print_table(outcomes):
    """One line for each program, in the order of the command line, and why tests were skipped."""
    width = max(len(outcome.name) for outcome in outcomes)
    print(f"\n{'':{width}}  passed  failed  skipped   seconds")
    for outcome in outcomes:
        print(f"{outcome.name:{width}}  {outcome.passed:6}  {outcome.failed:6}  {outcome.skipped:7}  {outcome.seconds:8.1f}")
    reasons = sorted(set().union(*(outcome.skip_reasons for outcome in outcomes)))
    for reason in reasons:
        print(f"skipped: {' '.join(reason.split())[:160]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", nargs="*", default=[], metavar="BUILD")
    parser.add_argument("--sanitized", nargs="+", default=[], metavar=("BUILD", "LAYER"))
    parser.add_argument("--emulated-arm", metavar="BUILD")
    parser.add_argument("--emulated-x86", metavar="BUILD")
    parser.add_argument("--pytest", nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--pytest-with", nargs="+", default=[""], metavar=("PYTHON", "FOLDER"))
    parser.add_argument("--fuzz", metavar="BUILD")
    parser.add_argument("--fuzz-seconds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = [pool.submit(function, *values) for function, values in jobs_of(arguments)]
        for future in running:
            outcome = future.result()
            outcomes.append(outcome)
            verdict = "FAILED" if outcome.failed else "ok"
            print(f"{verdict:7} {outcome.name} ({outcome.seconds:.1f} s)", flush=True)
            if outcome.failed:
                print(outcome.output[-20000:], flush=True)
    passed, failed, skipped = (sum(getattr(outcome, what) for outcome in outcomes) for what in ("passed", "failed", "skipped"))
    if outcomes:
        print_table(outcomes)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
