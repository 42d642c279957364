"""bench/load.py against servers whose behaviour is known."""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENTENCES = ["one", "two", "three"]


class Server(http.server.ThreadingHTTPServer):
    """Answers a sentence with itself in capitals; `answer` may do otherwise with those that are not asked alone."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        alone = self.server.asked <= 2 * len(SENTENCES)
        sentence = request["messages"][-1]["content"]
        status, text = (200, sentence.upper()) if alone else self.server.answer(sentence)
        body = json.dumps({"choices": [{"message": {"content": text}}]} if status == 200 else {"error": {}}).encode()
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")  # in several chunks, as servers may
        self.end_headers()
        for part in (body[:7], body[7:]):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


@pytest.fixture
def measure(tmp_path):
    (tmp_path / "sentences.txt").write_text("\n".join(SENTENCES) + "\n")

    def run(answer, *options):
        with Server(answer) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            done = subprocess.run(
                [sys.executable, ROOT / "bench/load.py", "--url", f"http://127.0.0.1:{server.server_port}", "--sentences",
                 tmp_path / "sentences.txt", "--seconds", "1.5", "--capacity-seconds", "0.5", *map(str, options)],
                capture_output=True, text=True, timeout=300)
            server.shutdown()
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_right_answers_are_counted_with_their_times(measure):
    def slow(sentence):
        time.sleep(0.05)
        return 200, sentence.upper()

    (told,) = measure(slow, "--rate", 30, "--deadline-ms", 20_000)
    assert told["sent"] == told["answered"] > 10 and told["good_share"] == 1.0
    assert told["refused"] == told["lost"] == told["other_than_alone"] == told["mixed_up"] == 0
    assert 50 <= told["p50_ms"] <= told["p95_ms"] <= told["p99_ms"]
    assert measure(slow, "--rate", 30, "--deadline-ms", 10)[0]["good_per_second"] == 0


def test_what_goes_wrong_is_told_apart(measure):
    answers = iter([(200, "TWO"), (200, "nonsense"), (503, ""), (500, ""), (429, "")] + 1000 * [(200, "ONE")])
    (told,) = measure(lambda _: next(answers), "--rate", 60, "--deadline-ms", 20_000)
    assert told["refused"] == 2 and told["lost"] == 1
    assert told["answered"] == told["sent"] - 3
    assert 0 < told["mixed_up"] < told["other_than_alone"], "nonsense is no other sentence's answer"


def test_rates_are_shares_of_what_the_server_can_do(measure):
    def slow(sentence):
        time.sleep(0.1)
        return 200, sentence.upper()

    low, high = measure(slow, "--of-capacity", 20, 40, "--clients", 2, "--pid", os.getpid())
    assert 2 < low["capacity_per_second"] < 21
    assert abs(high["rate"] - 2 * low["rate"]) < 0.01 and len(low["memory_mib"]) == 3
