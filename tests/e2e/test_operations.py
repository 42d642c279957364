"""A server as a service: keys, TLS, pages of other sites, logs, the file of options, an orderly end."""
import concurrent.futures
import json
import os
import signal
import ssl
import subprocess

import httpx
import openai
import pytest

from conftest import BINARY, wait_for_address

CHAT = {"model": "tiny", "max_tokens": 4, "temperature": 0, "messages": [{"role": "user", "content": "Secret text"}]}


@pytest.fixture
def start(tiny_model, tmp_path):
    """Starts servers with options, and ends what still runs."""
    processes = []

    def run(*options, environment=None, log=subprocess.DEVNULL):
        process = subprocess.Popen(
            [BINARY, "serve", "--model", tiny_model, "--context", "256", "--no-packed-cache", "--threads", "1", *options],
            stdout=subprocess.PIPE, stderr=log,
            env={**os.environ, "RIPOSTE_HOME": str(tmp_path / "home"), **(environment or {})})
        processes.append(process)
        return wait_for_address(process), process

    yield run
    for process in processes:
        process.kill()
        process.wait()


def new_key(name, file, *options):
    done = subprocess.run([BINARY, "key", "new", "--name", name, "--file", file, *options], check=True, capture_output=True,
                          timeout=60)
    return done.stdout.decode().strip()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that nobody but its maker has signed, and its key."""
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                        "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout",
                        paths[1]], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no openssl command to make a certificate with")
    return paths


def test_openais_client_speaks_tls_and_brings_its_key(start, certificate, tmp_path):
    keys = tmp_path / "keys.toml"
    key = new_key("editor", keys)
    url, _ = start("--port", "0", "--keys", keys, "--tls-certificate", certificate[0], "--tls-key", certificate[1])
    assert url.startswith("https://")
    trust = ssl.create_default_context(cafile=certificate[0])
    with httpx.Client(verify=trust) as http:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, http_client=http, max_retries=0)
        whole = client.chat.completions.create(**CHAT)
        assert whole.choices[0].message.content is not None
        streamed = list(client.chat.completions.create(**{**CHAT, "messages": [{"role": "user", "content": "b"}]}, stream=True))
        assert streamed[-1].choices[0].finish_reason in ("stop", "length")
        stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="riposte-0", http_client=http, max_retries=0)
        with pytest.raises(openai.AuthenticationError) as refused:
            stranger.chat.completions.create(**CHAT)
        assert refused.value.code == "invalid_api_key"
    with httpx.Client(verify=trust, headers={"Connection": "close"}) as http:  # the end of TLS is told, too
        assert http.get(f"{url}/health").json() == {"status": "ok"}
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")  # nobody vouches for this certificate
    with pytest.raises(httpx.HTTPError):
        httpx.get(url.replace("https", "http") + "/health")


def test_hundreds_of_requests_share_tls_connections(start, certificate):
    url, _ = start("--port", "0", "--tls-certificate", certificate[0], "--tls-key", certificate[1])
    limits = httpx.Limits(max_connections=8)
    with httpx.Client(verify=ssl.create_default_context(cafile=certificate[0]), limits=limits, timeout=60) as http:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.post(f"{url}/v1/chat/completions", json=CHAT), range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["choices"][0]["message"]["content"] for answer in answers}) == 1


def fails(tiny_model, *options, environment=None):
    done = subprocess.run([BINARY, "serve", "--model", tiny_model, "--no-packed-cache", "--port", "0", *options],
                          capture_output=True, timeout=60, env={**os.environ, **(environment or {})})
    assert done.returncode in (1, 2) and done.stdout == b""
    return done.stderr.decode()


def test_what_is_wrong_with_a_certificate_is_told(tiny_model, certificate, tmp_path):
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True, timeout=60)
    locked = tmp_path / "locked.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", locked], check=True,
                   timeout=60)

    def message(cert, key):
        options = (["--tls-certificate", cert] if cert else []) + (["--tls-key", key] if key else [])
        return fails(tiny_model, *options)

    assert "does not belong" in message(certificate[0], other)
    assert "passphrase" in message(certificate[0], locked)
    assert "expected a certificate" in message(certificate[1], certificate[1])
    assert "expected a private key" in message(certificate[0], certificate[0])
    assert str(tmp_path / "none.pem") in message(tmp_path / "none.pem", certificate[1])
    assert "the key is not given" in message(certificate[0], None)
    assert "the certificate is not given" in message(None, certificate[1])


def test_openais_client_waits_as_long_as_a_limit_says(start, tmp_path):
    keys = tmp_path / "keys.toml"
    key = new_key("busy", keys, "--requests-per-minute", "1")
    url, _ = start("--port", "0", "--keys", keys)
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    client.chat.completions.create(**CHAT)
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(**CHAT)
    assert 0 < int(refused.value.response.headers["retry-after-ms"]) <= 60_000
    assert client.models.list().data, "what computes nothing is not limited"


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tiny_model, start, tmp_path):
    file = tmp_path / "riposte.toml"
    file.write_text('drain_seconds = 1\nport = 1\nlog_level = "warning"\nno_drafting = true\n'
                    'allow_origin = ["https://a.example", "https://b.example"]\n')
    url, _ = start("--config", file, "--port", "0", environment={"RIPOSTE_PORT": "2"})
    assert not url.endswith((":1", ":2"))
    for origin in ("https://a.example", "https://b.example"):
        answer = httpx.get(f"{url}/health", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in httpx.get(f"{url}/health").headers
    port = url.rsplit(":", 1)[1]  # in use now
    file.write_text("port = 1\n")
    done = subprocess.run([BINARY, "serve", "--model", tiny_model, "--no-packed-cache", "--config", file], capture_output=True,
                          timeout=60, env={**os.environ, "RIPOSTE_PORT": port})
    assert f"port {port}" in done.stderr.decode()


@pytest.mark.parametrize("text, told", [
    ("max_conections = 1", "line 1"), ("max_connections = 'x'", "line 1"), ("\nmax_connections = true", "line 2"),
    ("log_text = 1", "true or false"), ("context = 64\ncontext = 65", "line 2"), ("[server]\ncontext = 64", "server"), ("log_format = 'xml'", "line 1"), ("config = 'x'", "line 1"),
])
def test_a_wrong_file_of_options_is_told_with_the_line(tiny_model, tmp_path, text, told):
    file = tmp_path / "riposte.toml"
    file.write_text(text + "\n")
    message = fails(tiny_model, environment={"RIPOSTE_CONFIG": str(file)})
    assert str(file) in message and told in message and message.count("\n") == 1


def test_the_example_of_a_file_is_what_the_program_does_without_one(start):
    example = BINARY.parents[2] / "deploy/riposte.toml"
    if not example.exists():
        pytest.skip(f"there is no {example}")
    url, _ = start("--config", example, "--port", "0")
    assert httpx.get(f"{url}/ready").status_code == 200


def test_every_option_is_in_the_help_with_its_variable():
    text = subprocess.run([BINARY, "serve", "--help"], check=True, capture_output=True, timeout=60).stdout.decode()
    for name in ("config", "keys", "tls-certificate", "allow-origin", "log-format", "drain-seconds", "max-connections"):
        assert f"--{name}" in text
        assert f"RIPOSTE_{name.upper().replace('-', '_')}" in text


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_has_a_line_for_each_request_without_its_text(start, tmp_path, form):
    log = tmp_path / "log"
    with log.open("wb") as sink:
        url, process = start("--port", "0", "--log-format", form, log=sink)
        answer = httpx.post(f"{url}/v1/chat/completions?who=me", json=CHAT, headers={"x-request-id": "my-request"}, timeout=60)
        assert answer.headers["x-request-id"] == "my-request"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    lines = log.read_text().splitlines()
    mine = [line for line in lines if "my-request" in line]
    assert len(mine) == 1 and "/v1/chat/completions" in mine[0]
    assert "Secret" not in log.read_text() and "who=me" not in log.read_text()
    if form == "json":
        entries = [json.loads(line) for line in lines]
        assert all({"time", "level"} <= entry.keys() for entry in entries)
        entry = json.loads(mine[0])
        assert entry["status"] == 200 and entry["ms"] > 0 and entry["method"] == "POST"


def test_the_text_is_logged_where_that_is_ordered(start, tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as sink:
        url, process = start("--port", "0", "--log-text", log=sink)
        httpx.post(f"{url}/v1/chat/completions", json=CHAT, timeout=60)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert "Secret text" in log.read_text()


def test_a_key_is_printed_once_and_kept_as_a_hash(tmp_path):
    file = tmp_path / "keys.toml"
    first, second = new_key("first", file), new_key("second", file)
    text = file.read_text()
    assert first != second and first not in text and second not in text
    assert file.stat().st_mode & 0o077 == 0
    twice = subprocess.run([BINARY, "key", "new", "--name", "first", "--file", file], capture_output=True, timeout=60)
    assert twice.returncode == 2 and b"first" in twice.stderr and file.read_text() == text


def test_requests_that_are_being_answered_finish_when_the_server_is_told_to_stop(start):
    url, process = start("--port", "0", "--response-cache", "0")
    body = {**CHAT, "max_tokens": 100}
    with httpx.Client(timeout=60) as http:
        want = http.post(f"{url}/v1/chat/completions", json=body).json()["choices"]

    def ask(number):
        with httpx.Client(timeout=60) as http:
            try:
                return http.post(f"{url}/v1/chat/completions", json=body)
            except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError) as error:
                return error

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(ask, number) for number in range(64)]
        concurrent.futures.wait(answers[:16], return_when=concurrent.futures.FIRST_COMPLETED)
        process.send_signal(signal.SIGTERM)
        results = [answer.result() for answer in answers]
    assert process.wait(timeout=60) == 0
    answered = [result for result in results if isinstance(result, httpx.Response)]
    assert answered and all(answer.status_code == 200 and answer.json()["choices"] == want for answer in answered)
    # Who was not answered had not been accepted.
    refused = [result for result in results if not isinstance(result, httpx.Response)]
    assert all(isinstance(result, httpx.ConnectError) or "without sending" in str(result) or "reset" in str(result)
               for result in refused), refused
