"""riposte serve as a process: it invites, answers, and stops when told."""
import json
import re
import signal
import subprocess
import urllib.request

import pytest


@pytest.fixture
def served(tiny):
    """A running server and its address, as its invitation tells it."""
    process = subprocess.Popen([tiny.binary, "serve", "--model", "tiny", "--port", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=tiny.environment)
    line = process.stdout.readline().decode()
    address = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert address, line
    yield process, address[0]
    process.kill()
    process.wait()


def test_the_invitation_is_true(served):
    process, address = served
    assert b"" == process.stdout.readline().strip()
    assert f"curl {address}/v1/chat/completions" in process.stdout.readline().decode()
    body = json.dumps({"model": "tiny", "max_tokens": 4, "messages": [{"role": "user", "content": "Hi"}]}).encode()
    request = urllib.request.Request(f"{address}/v1/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["choices"][0]["message"]["role"] == "assistant"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_success(served, number):
    process, address = served
    with urllib.request.urlopen(f"{address}/health", timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(number)
    assert process.wait(timeout=60) == 0


def test_a_port_in_use_is_told(tiny, served, error_line):
    port = served[1].rsplit(":", 1)[1]
    done = tiny("serve", "--model", "tiny", "--port", port)
    assert done.returncode == 1 and port in error_line(done)
