"""The systemd unit in deploy/ is one that systemd understands and that trusts the program with little."""
import pathlib
import re
import shutil
import subprocess

import pytest

UNIT = pathlib.Path(__file__).resolve().parents[2] / "deploy/riposte.service"
MOST_EXPOSED = 2.5  # of 10, by systemd's own reckoning; a unit without any hardening has 9.6


@pytest.fixture
def unit(tmp_path):
    """The unit, with a program that exists here."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/usr/local/bin/riposte", "/bin/true"))
    return path


def test_the_unit_has_no_mistakes(unit):
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    assert said == []


def test_the_unit_exposes_little(unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, timeout=60,
                          check=False)
    found = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    if not found:
        pytest.skip(f"systemd-analyze cannot reckon here: {done.stderr.strip()}")
    assert float(found[1]) <= MOST_EXPOSED, done.stdout
