"""Adapters from the command line to the answer, with tiny models: rewrite and serve."""
import concurrent.futures
import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from test_serve import post, serving

PROMPT = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
TEXT = "She go to school every day."


@pytest.fixture(scope="session")
def adapter_files(binary, tiny_model_file):
    """Two adapters of the tiny model; the first is for the preset "grammar"."""
    paths = []
    for seed, prompt in (("1", [PROMPT]), ("2", [])):
        path = tiny_model_file.parent / f"adapter-{seed}.gguf"
        subprocess.run([binary.parent / "write_tiny_model", path, "--adapter-of", tiny_model_file, seed, *prompt], check=True)
        paths.append(path)
    return paths


def rewrite(tiny, *options, restrained="--no-restrain"):
    done = tiny("rewrite", "--model", "tiny", "--json", restrained, *options, TEXT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_adapter_changes_the_answer_and_brings_its_prompt(tiny, adapter_files):
    base = rewrite(tiny)
    adapted = rewrite(tiny, "--adapter", f"g={adapter_files[0]}")
    other = rewrite(tiny, "--adapter", f"o={adapter_files[1]}")
    assert len({base["text"], adapted["text"], other["text"]}) == 3
    assert adapted["prompt_tokens"] < base["prompt_tokens"] == other["prompt_tokens"]


def test_an_answer_that_strays_is_not_taken(tiny, adapter_files):
    """The random weights of the tiny model babble until they are cut short."""
    adapter = ["--adapter", f"g={adapter_files[0]}"]
    answer = rewrite(tiny, *adapter, restrained="--restrain")
    assert (answer["text"], answer["reverted"]) == (TEXT, [{"text": TEXT, "reason": "length"}])
    assert rewrite(tiny, *adapter)["reverted"] == []
    done = tiny("rewrite", "--model", "tiny", *adapter, f"{TEXT}  It is far.")
    assert done.stdout.decode() == f"{TEXT}  It is far.\n" and "sentence 2 of 2 stays as it was" in done.stderr.decode()
    done = tiny("rewrite", "--model", "tiny", *adapter, TEXT)
    assert done.stdout.decode() == f"{TEXT}\n" and "the text stays as it was" in done.stderr.decode()
    with serving(tiny, "--model", "tiny", *adapter) as address:
        for stream in (False, True):
            body = {"text": f"{TEXT} It is far.", "preset": "grammar", "stream": stream}
            if stream:
                request = urllib.request.Request(f"{address}/v1/rewrite", json.dumps(body).encode(), {"Content-Type": "application/json"})
                events = urllib.request.urlopen(request).read().decode().split("\n\n")
                result = next(json.loads(event.split("data: ", 1)[1]) for event in events if event.startswith("event: result"))
            else:
                result = post(address, "/v1/rewrite", body)
            assert result["text"] == body["text"] and result["unchanged"] and result["edits"] == []
            assert [part["text"] for part in result["reverted"]] == [TEXT, "It is far."]
            assert {part["reason"] for part in result["reverted"]} <= {"length", "number", "link", "placeholder"}


def test_the_answer_does_not_depend_on_threads_guesses_or_company(tiny, adapter_files):
    adapter = ["--adapter", f"g={adapter_files[0]}"]
    text = rewrite(tiny, *adapter)["text"]
    for options in (["--no-drafting"], ["--threads", "1"], ["--threads", "3"], ["--instruction-set", "reference"],
                    ["--adapter", f"o={adapter_files[1]}"]):
        assert rewrite(tiny, *adapter, *options)["text"] == text, options


def test_the_adapter_that_a_preset_is_for_is_chosen_and_others_have_to_be_clear(tiny, adapter_files, error_line):
    both = ["--adapter", f"o={adapter_files[1]}", "--adapter", f"g={adapter_files[0]}"]
    assert rewrite(tiny, *both)["text"] == rewrite(tiny, "--adapter", f"g={adapter_files[0]}")["text"]
    done = tiny("rewrite", "--model", "tiny", *both, "--preset", "formal", TEXT)
    assert done.returncode == 2 and "none of the 2 adapters" in error_line(done)


def test_a_merged_adapter_answers_like_one_beside(tiny, adapter_files, error_line):
    adapters = ["--adapter", f"g={adapter_files[0]}"]
    merged = rewrite(tiny, *adapters, "--merge-adapters")
    assert merged["text"] != rewrite(tiny)["text"]
    assert merged["prompt_tokens"] == rewrite(tiny, *adapters, "--no-merge-adapters")["prompt_tokens"]
    assert rewrite(tiny, "--merge-adapters")["text"] == rewrite(tiny)["text"]
    done = tiny("rewrite", "--model", "tiny", "--merge-adapters", "--no-merge-adapters", TEXT)
    assert done.returncode == 2 and "excludes" in error_line(done)


@pytest.mark.parametrize("given, said", [("grammar", "expected NAME=FILE"), ("a b=x", "1 to 64 letters"), ("latest=x", "latest"),
                                         ("g=nowhere.gguf", "nowhere.gguf")])
def test_what_is_no_adapter_is_told(tiny, given, said):
    done = tiny("rewrite", "--model", "tiny", "--adapter", given, TEXT)
    assert done.returncode == 2 and said in done.stderr.decode()


def test_another_models_adapter_is_refused(tiny, binary, adapter_files, tmp_path, error_line):
    base = tmp_path / "llama.gguf"
    subprocess.run([binary.parent / "write_tiny_model", base, "llama"], check=True)
    done = tiny("rewrite", "--model", base, "--adapter", f"g={adapter_files[0]}", TEXT)
    assert done.returncode == 2 and "the architecture 'qwen2'" in error_line(done)
    done = tiny("serve", "--port", "0", "--model", base, "--model", base, "--adapter", f"g={adapter_files[0]}")
    assert done.returncode == 2 and "made for none of the models" in done.stderr.decode()


def test_one_server_answers_with_both_adapters_and_the_base_as_each_alone(tiny, adapter_files):
    options = ["--model", "tiny", "--adapter", f"g={adapter_files[0]}", "--adapter", f"o={adapter_files[1]}",
               "--response-cache", "0"]
    names = ["tiny", "tiny:g", "tiny:o"]

    def chat(address, name, number):
        body = {"model": name, "temperature": 0, "max_tokens": 24,
                "messages": [{"role": "system", "content": "Correct it."}, {"role": "user", "content": f"{TEXT} {number}"}]}
        return post(address, "/v1/chat/completions", body)["choices"][0]["message"]["content"]

    jobs = [(name, number) for number in range(6) for name in names]
    with serving(tiny, *options) as address:
        alone = [chat(address, *job) for job in jobs]
    with serving(tiny, *options) as address, concurrent.futures.ThreadPoolExecutor(9) as pool:
        assert list(pool.map(lambda job: chat(address, *job), jobs)) == alone
        listed = [model["id"] for model in json.load(urllib.request.urlopen(f"{address}/v1/models"))["data"]]
        assert listed == names
        with pytest.raises(urllib.error.HTTPError) as missing:
            chat(address, "tiny:nothing", 0)
        assert missing.value.code == 404
        assert json.load(missing.value)["error"]["code"] == "model_not_found"
        any_answer = {"text": TEXT, "preset": "grammar", "restrained": False}
        by_preset = post(address, "/v1/rewrite", any_answer)
        by_name = post(address, "/v1/rewrite", {**any_answer, "model": "tiny:g"})
        assert by_preset["text"] == by_name["text"] != TEXT and by_preset["reverted"] == []
    assert len(set(alone)) > 6


def listed_names(address):
    models = json.load(urllib.request.urlopen(f"{address}/v1/models"))["data"]
    tags = json.load(urllib.request.urlopen(f"{address}/api/tags"))["models"]
    assert [tag["name"] for tag in tags] == [model["id"] for model in models]
    return [model["id"] for model in models]


def test_models_on_demand_have_their_adapters_by_name(tiny, binary, adapter_files):
    """Listed before anybody has asked for the model; of another model they are none; an adapter in the folder is no model."""
    models = tiny.home / "models"
    subprocess.run([binary.parent / "write_tiny_model", models / "other.gguf", "llama"], check=True)
    shutil.copy(adapter_files[0], models / "adapter.gguf")
    (models / "broken.gguf").write_bytes(b"GGUF")
    adapters = ["--adapter", f"g={adapter_files[0]}", "--adapter", f"o={adapter_files[1]}"]

    def chat(address, name):
        body = {"model": name, "temperature": 0, "max_tokens": 12, "messages": [{"role": "user", "content": TEXT}]}
        return post(address, "/v1/chat/completions", body)

    with serving(tiny, "--model", "tiny", *adapters) as address:
        expected = {name: chat(address, name)["choices"] for name in ("tiny", "tiny:g", "tiny:o")}
    with serving(tiny, "--on-demand", *adapters) as address:
        assert listed_names(address) == ["broken", "other", "tiny", "tiny:g", "tiny:o"]
        assert post(address, "/api/show", {"model": "tiny:g"})["details"]["parent_model"] == "tiny"
        for name in ("tiny:o", "tiny:g", "tiny"):
            answer = chat(address, name)
            assert (answer["model"], answer["choices"]) == (name, expected[name])
        with pytest.raises(urllib.error.HTTPError) as missing:
            chat(address, "other:g")
        assert missing.value.code == 404 and "'tiny:g'" in missing.value.read().decode()
    with serving(tiny, "--on-demand", "--merge-adapters", *adapters) as address:
        assert chat(address, "tiny")["choices"] != chat(address, "tiny:g")["choices"]
        assert chat(address, "tiny:g")["choices"] == chat(address, "tiny:g")["choices"]


def test_an_adapter_that_fits_no_model_on_demand_is_refused(tiny, binary, adapter_files):
    (tiny.home / "models/tiny.gguf").unlink()
    subprocess.run([binary.parent / "write_tiny_model", tiny.home / "models/other.gguf", "llama"], check=True)
    done = tiny("serve", "--port", "0", "--on-demand", "--adapter", f"g={adapter_files[0]}")
    assert done.returncode == 2 and "made for none of the models" in done.stderr.decode()


@pytest.mark.parametrize("command", [["rewrite", TEXT], ["info"]])
def test_an_adapter_in_place_of_a_model_is_told_from_one(tiny, adapter_files, error_line, command):
    done = tiny(command[0], *(["--model"] if command[0] == "rewrite" else []), adapter_files[0], *command[1:])
    assert done.returncode != 0 and "--adapter NAME=FILE" in error_line(done)


def test_adapters_may_stand_in_the_configuration(tiny, adapter_files, tmp_path):
    config = tmp_path / "riposte.toml"
    config.write_text(f'model = "tiny"\nadapter = ["g={adapter_files[0]}", "o={adapter_files[1]}"]\n')
    with serving(tiny, "--config", config) as address:
        listed = [model["id"] for model in json.load(urllib.request.urlopen(f"{address}/v1/models"))["data"]]
        assert listed == ["tiny", "tiny:g", "tiny:o"]
