"""Riposte's own /v1/rewrite against a real model, with the HTTP client on which that of Ollama stands."""

import json

import pytest

httpx = pytest.importorskip("httpx")

SENTENCE = "She go to school every day, and the 3 childs of Mr. Miller goes with her."


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url, timeout=120) as client:
        yield client


def rewrite(client, text, **fields):
    answer = client.post("/v1/rewrite", json={"text": text, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def applied(source, edits):
    """The source with all edits made, by the offsets that the answer tells."""
    made, copied = "", 0
    for edit in edits:
        span = edit["source"]
        assert source[span["begin"]:span["end"]] == span["text"]
        made += source[copied:span["begin"]] + edit["result"]["text"]
        copied = span["end"]
    return made + source[copied:]


@pytest.mark.parametrize("preset", ["grammar", "simplify", "formal", "shorten"])
def test_the_edits_make_the_result_of_the_source(client, preset):
    source = f"  \u00dcber alles: {SENTENCE}\n"
    answer = rewrite(client, source, preset=preset)
    assert applied(source, answer["edits"]) == answer["text"]
    assert answer["unchanged"] == (answer["text"] == source)
    assert answer["timings"]["total_ms"] > 0


def test_an_instruction_of_ones_own_is_followed_by_the_answer_of_a_chat(client, server):
    instruction = "Correct the grammar of the sentence. Reply with the sentence only."
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": SENTENCE}]
    chat = client.post("/v1/chat/completions", json={"messages": messages, "temperature": 0, "max_tokens": 60}).json()
    answer = rewrite(client, SENTENCE, instruction=instruction, max_tokens=60)
    assert answer["text"] == chat["choices"][0]["message"]["content"].strip()


def test_a_list_gets_the_answers_that_its_texts_get_alone(client):
    texts = [SENTENCE, "I has never saw it.", "We is late."]
    answer = rewrite(client, texts)
    assert [one["text"] for one in answer["data"]] == [rewrite(client, text)["text"] for text in texts]


def test_a_stream_tells_edits_before_the_end_and_never_takes_one_back(client):
    body = {"text": SENTENCE, "stream": True}
    events = []
    with client.stream("POST", "/v1/rewrite", json=body) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line[len("event: "):]
            elif line.startswith("data: "):
                events.append((name, json.loads(line[len("data: "):])))
    result = next(data for name, data in events if name == "result")
    assert "".join(data["text"] for name, data in events if name == "text") == result["text"]
    edits = [{key: value for key, value in data.items() if key != "index"} for name, data in events if name == "edit"]
    assert edits == result["edits"]
    assert events[-1] == ("done", {})


def test_presets_can_be_asked_for_and_used(client):
    presets = client.get("/v1/presets").json()["data"]
    assert {preset["language"] for preset in presets} == {"en", "de"}
    answer = rewrite(client, "Er gehen zur Schule.", preset=presets[-1]["id"], language=presets[-1]["language"])
    assert answer["preset"] == presets[-1]["id"]
