"""riposte serve as a process: it invites, answers, and stops when told."""
import contextlib
import json
import re
import shutil
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


def post(address, path, body):
    """The JSON that the server answers with."""
    request = urllib.request.Request(address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@contextlib.contextmanager
def serving(command, *options):
    """The address of a server with these options; it is stopped in order."""
    process = subprocess.Popen([command.binary, "serve", "--port", "0", *options], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=command.environment)
    try:
        line = process.stdout.readline().decode()
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address, line + process.stderr.read().decode()
        yield address[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


def rewrite(address):
    return post(address, "/v1/rewrite", {"text": "She go to school.", "preset": "grammar", "max_tokens": 8})


def test_instructions_are_in_memory_from_the_start_and_again_after_the_next(tiny):
    with serving(tiny, "--model", "tiny") as address:
        first = rewrite(address)
    snapshots = list((tiny.home / "state/snapshots").glob("*.kv"))
    assert len(snapshots) == 1
    with serving(tiny, "--model", "tiny") as address:
        again = rewrite(address)
        assert again["text"] == first["text"]
        assert again["usage"]["prompt_tokens_details"]["cached_tokens"] > 20
    snapshots[0].write_bytes(snapshots[0].read_bytes()[:-1])
    with serving(tiny, "--model", "tiny") as address:
        assert rewrite(address)["text"] == first["text"]
    assert snapshots[0].stat().st_size > 0
    with serving(tiny, "--model", "tiny", "--no-pinned-presets") as address:
        plain = rewrite(address)
        assert plain["text"] == first["text"] and plain["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_several_models_are_served_by_name(tiny):
    models = tiny.home / "models"
    for name in "other", "third":
        shutil.copyfile(models / "tiny.gguf", models / f"{name}.gguf")
    with serving(tiny, "--model", "tiny", "--model", "other") as address:
        for name in "tiny", "other":
            answer = post(address, "/v1/chat/completions",
                          {"model": name, "max_tokens": 3, "messages": [{"role": "user", "content": "Hi"}]})
            assert answer["model"] == name
        with urllib.request.urlopen(f"{address}/v1/models", timeout=60) as listed:
            assert [one["id"] for one in json.load(listed)["data"]] == ["tiny", "other"]
    with serving(tiny, "--on-demand", "--keep-alive", "60") as address:
        with urllib.request.urlopen(f"{address}/api/ps", timeout=60) as running:
            assert json.load(running)["models"] == []
        answer = post(address, "/api/generate", {"model": "third", "prompt": "Hi", "stream": False, "keep_alive": -1,
                                                 "options": {"num_predict": 3}})
        assert answer["model"] == "third"
        with urllib.request.urlopen(f"{address}/api/ps", timeout=60) as running:
            (model,) = json.load(running)["models"]
            assert model["name"] == "third" and model["expires_at"].startswith("9999") and model["size"] > 0
