"""What goes wrong around a server in service: it goes on, or comes back as it was."""
import concurrent.futures
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import httpx
import pytest

from conftest import BINARY, wait_for_address, write_tiny_model

BODY = {"max_tokens": 24, "temperature": 0, "messages": [{"role": "user", "content": "Say it again."}]}
MALFORMED = int(os.environ.get("RIPOSTE_MALFORMED", "10000" if os.environ.get("RIPOSTE_FULL") else "1000"))


class Service:
    """A server of a model of random weights that can be ended in any way and started again, with one home."""

    def __init__(self, folder):
        self.folder, self.model, self.process, self.url = folder, write_tiny_model(folder / "tiny.gguf"), None, None
        self.home = folder / "home"

    def start(self, *options, **changes):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--model", self.model, "--context", "256", "--threads", "1", "--port", "0", "--log-level",
             "warning", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "RIPOSTE_HOME": str(self.home)}, **changes)
        self.url = wait_for_address(self.process)
        return self

    @property
    def address(self):
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def ask(self, content="Say it again.", **fields):
        body = {**BODY, "messages": [{"role": "user", "content": content}], **fields}
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, timeout=60)

    def answer(self, content="Say it again.", **fields):
        got = self.ask(content, **fields)
        assert got.status_code == 200, got.text
        return got.json()["choices"][0]["message"]["content"]

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def exchange(address, data, seconds=20):
    """Sends bytes and reads until the server closes or answers once; nothing if it closed without a word."""
    with socket.create_connection(address, timeout=seconds) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(65536)
        except OSError:
            return b""


def test_malformed_requests_by_the_thousand_change_nothing(service):
    service.start("--response-cache", "0")
    want = service.answer()
    rng = random.Random(7)
    whole = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
             str(len(json.dumps(BODY))).encode() + b"\r\n\r\n" + json.dumps(BODY).encode())

    def malformed():
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            kind = rng.randrange(4)
            place = rng.randrange(len(data))
            if kind == 0:
                data[place] = rng.randrange(256)
            elif kind == 1:
                del data[place:place + rng.randint(1, 40)]
            elif kind == 2:
                data[place:place] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
            else:
                data[place:place] = data[rng.randrange(len(data)):][:30]
            if not data:
                data = bytearray(b"\r\n")
        return bytes(data)

    requests = [malformed() for _ in range(MALFORMED)]
    exchange(service.address, requests[0])
    before = service.memory()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda data: exchange(service.address, data), requests))
    assert all(answer == b"" or answer.startswith(b"HTTP/1.1 ") for answer in answers)
    assert not any(answer.startswith(b"HTTP/1.1 500") for answer in answers)
    assert any(answer.startswith(b"HTTP/1.1 400") for answer in answers)
    assert service.answer() == want
    assert service.memory() - before < 64 << 20
    assert service.end() == 0


def test_slow_half_open_and_greedy_clients_hold_nobody_up(service):
    service.start("--max-body", "1MiB")
    want = service.answer()
    held = []
    try:
        for i in range(100):
            connection = socket.create_connection(service.address, timeout=20)
            held.append(connection)
            if i % 4 == 1:
                connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Len")
            elif i % 4 == 2:
                connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{")
            elif i % 4 == 3:  # asks for much and reads nothing
                body = json.dumps({**BODY, "stream": True}).encode()
                connection.sendall((b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " + str(len(body)).encode() +
                                    b"\r\n\r\n" + body) * 10)
        bombs = [b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 100_000,
                 b"GET /" + b"x" * 1_000_000,
                 b"POST /v1/rewrite HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"[" * 100_000,
                 b"POST /v1/rewrite HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"[" * 65536 + b"\r\n") * 20,
                 b"POST /v1/rewrite HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000]
        for bomb in bombs:
            said = exchange(service.address, bomb)
            assert said == b"" or said.startswith((b"HTTP/1.1 4",)), said[:100]
        assert service.answer() == want
    finally:
        for connection in held:
            connection.close()
    assert service.answer("and afterwards") is not None
    assert service.end() == 0


def test_a_server_that_was_killed_under_load_comes_back_and_answers_the_same(service):
    service.start()
    texts = [f"Sentence number {number}." for number in range(12)]
    want = [service.answer(text) for text in texts]
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            load = [pool.submit(service.ask, text, seed=number) for number, text in enumerate(texts * 8)]
            concurrent.futures.wait(load, return_when=concurrent.futures.FIRST_COMPLETED)
            service.end(signal.SIGKILL)
            for one in load:
                one.exception()  # whoever was cut off hears of it
        service.start()
        assert [service.answer(text) for text in texts] == want
    assert service.end() == 0


def test_a_damaged_state_folder_is_built_anew(service):
    service.start()
    want = service.answer()
    assert service.end() == 0
    files = [path for path in service.home.rglob("*") if path.is_file()]
    assert files, "the server keeps something between starts"
    for number, path in enumerate(files):
        data = path.read_bytes()
        path.write_bytes(data[:len(data) // 2] if number % 2 else bytes(byte ^ 0x55 for byte in data))
    service.start()
    assert service.answer() == want
    assert service.end() == 0


def test_a_full_disk_costs_the_next_start_some_time_and_no_answer(service, tmp_path):
    disk = tmp_path / "full"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("no small disk can be made here (mount needs root)")
    try:
        service.start()
        want = service.answer()
        assert service.end() == 0
        (disk / "filler").write_bytes(b"x" * 12_000)
        service.home = disk / "home"
        service.start()
        assert service.answer() == want
        assert service.end() == 0
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        subprocess.run(["umount", disk], check=True, timeout=60)


def test_a_model_file_that_is_replaced_while_it_is_served_changes_no_answer(service):
    service.start("--response-cache", "0")
    want = [service.answer(text) for text in ("one", "two", "three")]
    other = service.folder / "other.gguf"
    subprocess.run([BINARY.parent / "write_tiny_model", other, "llama"], check=True, timeout=120)
    os.replace(other, service.model)
    assert [service.answer(text) for text in ("one", "two", "three")] == want
    service.model.unlink()
    assert [service.answer(text) for text in ("one", "two", "three")] == want
    assert service.end() == 0


def test_one_server_finds_in_redis_what_another_one_answered(service, tmp_path):
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server")
    sock = tmp_path / "redis.sock"

    def run_redis():
        started = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", sock, "--save", "", "--dir", tmp_path],
                                   stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if subprocess.run(["redis-cli", "-s", sock, "ping"], capture_output=True, check=False).stdout == b"PONG\n":
                return started
        raise AssertionError("redis-server did not start")

    redis = run_redis()
    second = Service(tmp_path / "second") if (tmp_path / "second").mkdir() is None else None
    try:
        options = ["--redis", f"unix://{sock}", "--redis-timeout-ms", "500"]
        service.start(*options)
        second.start(*options)

        def hits(server):
            text = httpx.get(f"{server.url}/metrics", timeout=60).text
            return float(text.split("riposte_shared_cache_hits_total ")[-1].split("\n")[0])

        def share(text):
            want = service.answer(text)
            deadline = time.monotonic() + 60
            number = 0
            while time.monotonic() < deadline:
                before, number = hits(second), number + 1
                asked = f"{text} {number}"
                want = service.answer(asked)
                assert second.answer(asked) == want
                if hits(second) > before:
                    return
            raise AssertionError("nothing was found in Redis")

        share("first")
        redis.kill()
        redis.wait()
        for number in range(20):
            assert service.answer(f"gone {number}") == second.answer(f"gone {number}")
        redis = run_redis()
        share("back")
        assert service.end() == 0 and second.end() == 0
    finally:
        redis.kill()
        redis.wait()
        if second.process and second.process.poll() is None:
            second.process.kill()
            second.process.wait()
