"""A Riposte server for as long as a `with` block runs."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 300  # a large model is packed when it is loaded


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.code} {error.read().decode(errors='replace')}") from None


def rewritten(url, model, text, preset, **options):
    """What a served model makes of a whole text; `options`: further fields of /v1/rewrite."""
    return post(f"{url}/v1/rewrite", {"model": model, "text": text, "preset": preset, "split": "none", **options})["text"]


def served_names(url):
    with urllib.request.urlopen(f"{url}/v1/models", timeout=5) as answer:
        return [model["id"] for model in json.loads(answer.read())["data"]]


@contextlib.contextmanager
def riposte(binary, model, *options):
    """Address of a server that has this model (a name or a file); `options`: further ones of `riposte serve`."""
    # Asked to end, the caller leaves the block as by an error: the server does not outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    messages = tempfile.TemporaryFile("w+", errors="replace")
    command = [str(binary), "serve", "--model", str(model), "--port", str(port), "--log-level", "warning", *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=messages)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if server.poll() is not None:
                messages.seek(0)
                raise SystemExit(f"{binary} serve --model {model} ended:\n{messages.read()}")
            with contextlib.suppress(OSError):
                served_names(url)
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"{binary} serve --model {model} does not answer after {START_SECONDS} s")
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
        messages.close()
