"""The description of the API against the running server: schemathesis makes requests from it, good and bad."""

import json
import pathlib
import shutil
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("schemathesis")

# What each answer is held to. Of the rest: a description cannot say that "model" must be the served one, or that
# top_logprobs needs logprobs, so not all that it allows is accepted.
CHECKS = ",".join(["not_a_server_error", "status_code_conformance", "content_type_conformance",
                   "response_schema_conformance", "negative_data_rejection", "unsupported_method",
                   "allow_header_conformance"])


def description(server):
    """What the server says of itself, with the one thing that it cannot know beforehand: the model's name."""
    with urllib.request.urlopen(f"{server.url}/openapi.json", timeout=60) as answer:
        document = json.load(answer)
    for name, schema in document["components"]["schemas"].items():
        if name.startswith("Ollama") and "model" in schema.get("properties", {}) and "Answer" not in name:
            schema["properties"]["model"] = {"const": server.model_name}
    # A deadline that cannot be met is a 504 as described, but any 5xx counts as a defect here.
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            parameters[:] = [one for one in parameters if not one.get("$ref", "").endswith("/Deadline")]
    return document


def test_the_server_is_as_its_description_says(short_server, tmp_path):
    (tmp_path / "openapi.json").write_text(json.dumps(description(short_server)))
    program = shutil.which("schemathesis", path=str(pathlib.Path(sys.executable).parent))
    done = subprocess.run(
        [program, "run", "openapi.json", "--url", short_server.url, "--checks", CHECKS, "--max-examples", "20",
         "--seed", "1", "--no-color", "--phases", "examples,coverage,fuzzing", "--request-timeout", "60",
         "--suppress-health-check", "all", "--generation-database", "none"],
        capture_output=True, text=True, timeout=600, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
