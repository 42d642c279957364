"""The adapter that comes with Riposte, on the model that it was made for."""
import json
import os
import pathlib
import shutil
import urllib.request

import pytest
from test_serve import post, serving

HOME = pathlib.Path(os.environ.get("RIPOSTE_HOME", pathlib.Path.home() / ".cache/riposte"))
MODEL = HOME / "models/smollm2-135m-instruct-q4_1.gguf"
WRONG, RIGHT = "She go to school every day.", "She goes to school every day."


@pytest.fixture
def smollm2(riposte):
    """The command with the small model in its home."""
    if not MODEL.is_file():
        pytest.skip(f"there is no {MODEL}: riposte pull smollm2")
    models = riposte.home / "models"
    models.mkdir(parents=True)
    try:
        os.link(MODEL, models / MODEL.name)
    except OSError:
        shutil.copy(MODEL, models / MODEL.name)
    return riposte


def rewritten(command, *options):
    done = command("rewrite", "--json", *options, WRONG)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_default_model_corrects_grammar_with_it(smollm2):
    assert rewritten(smollm2)["text"] == RIGHT
    without = rewritten(smollm2, "--no-shipped-adapters")
    assert without["text"] != RIGHT and without["prompt_tokens"] > rewritten(smollm2)["prompt_tokens"]


def test_it_has_no_part_in_other_presets(smollm2):
    ours = rewritten(smollm2, "--preset", "formal")
    assert ours["text"] == rewritten(smollm2, "--preset", "formal", "--no-shipped-adapters")["text"]


def test_it_has_no_part_in_other_models(tiny):
    assert rewritten(tiny, "--model", "tiny")["text"] == rewritten(tiny, "--model", "tiny", "--no-shipped-adapters")["text"]


def test_a_server_offers_it_by_name_and_for_its_preset(smollm2):
    with serving(smollm2, "--response-cache", "0") as address:
        listed = [model["id"] for model in json.load(urllib.request.urlopen(f"{address}/v1/models"))["data"]]
        assert listed == [MODEL.stem, f"{MODEL.stem}:grammar"]
        assert post(address, "/v1/rewrite", {"text": WRONG, "preset": "grammar"})["text"] == RIGHT
        # Whoever talks to it says the text: instructions are nothing to it.
        messages = [{"role": "system", "content": "Correct the grammar."}, {"role": "user", "content": WRONG}]
        for name in ("smollm2:grammar", f"{MODEL.stem}:grammar"):
            answer = post(address, "/v1/chat/completions", {"model": name, "messages": messages, "temperature": 0})
            assert answer["choices"][0]["message"]["content"] == RIGHT
        # A paragraph is rewritten by sentences, greedily where no temperature is named, in every dialect as by /v1/rewrite.
        paragraph = f"{WRONG}  He have two dog.\n\nI has never saw it!"
        rewritten_ = post(address, "/v1/rewrite", {"text": paragraph})["text"]
        assert rewritten_.startswith(f"{RIGHT}  ") and "\n\n" in rewritten_
        body = {"model": "smollm2:grammar", "messages": [{"role": "user", "content": paragraph}]}
        assert post(address, "/v1/chat/completions", body)["choices"][0]["message"]["content"] == rewritten_
        assert post(address, "/api/generate", {"model": "smollm2:grammar", "prompt": paragraph, "stream": False})["response"] == rewritten_
        (item,) = post(address, "/v1/responses", {"model": "smollm2:grammar", "input": paragraph})["output"]
        assert item["content"][0]["text"] == rewritten_
        answer = post(address, "/api/chat", {"model": "smollm2:grammar", "messages": messages, "stream": False, "options": {"temperature": 0}})
        assert answer["message"]["content"] == RIGHT
