"""A server lives as long as the block that asked for it, and says why it could not start."""

import os
import sys

import pytest
from serving import post, riposte, served_names

SERVER = '''#!{python}
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def do_GET(self):
        self.answer(200, {{"data": [{{"id": "tiny"}}, {{"id": str(os.getpid())}}]}})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(400 if "bad" in body else 200, body)
    def log_message(self, *arguments):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
'''


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_server_answers_inside_the_block_and_is_gone_behind_it(tmp_path):
    binary = program(tmp_path / "serves", SERVER.format(python=sys.executable))
    with riposte(binary, "tiny") as url:
        name, process = served_names(url)
        assert name == "tiny"
        assert post(url, {"text": "hello"}) == {"text": "hello"}
        with pytest.raises(SystemExit, match="400"):
            post(url, {"bad": 1})
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


def test_a_server_that_does_not_start_is_quoted(tmp_path):
    binary = program(tmp_path / "fails", "#!/bin/sh\necho 'no such model' >&2\nexit 3\n")
    with pytest.raises(SystemExit, match="no such model"):
        with riposte(binary, "missing"):
            pass
