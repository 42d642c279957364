"""The official Ollama client against the real binary, serving a real model."""

import pytest

ollama = pytest.importorskip("ollama")

SENTENCE = "She go to school every day."
OPTIONS = {"temperature": 0, "num_predict": 24}


@pytest.fixture(scope="module")
def client(server):
    return ollama.Client(host=server.url, timeout=120)


@pytest.fixture(scope="module")
def model(server):
    return server.model_name


def test_the_model_is_listed_shown_and_running(client, model):
    listed = client.list().models[0]
    assert listed.model == model and listed.size > 1_000_000
    assert listed.details.format == "gguf"
    assert client.ps().models[0].model == model
    shown = client.show(model)
    assert shown.details.family and shown.template and "completion" in shown.capabilities
    with pytest.raises(ollama.ResponseError) as error:
        client.show("no-such-model")
    assert error.value.status_code == 404


def test_a_stream_has_the_text_of_the_whole_answer(client, model):
    whole = client.generate(model, SENTENCE, options=OPTIONS)
    assert whole.done and whole.eval_count > 0 and whole.total_duration >= whole.eval_duration > 0
    parts = list(client.generate(model, SENTENCE, options=OPTIONS, stream=True))
    assert "".join(part.response for part in parts) == whole.response
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_chat_gives_the_answer_of_the_other_dialect(client, model, server):
    openai = pytest.importorskip("openai")
    messages = [{"role": "user", "content": SENTENCE}]
    answer = client.chat(f"{model}:latest", messages, options=OPTIONS)
    other = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none").chat.completions.create(
        model=model, messages=messages, temperature=0, max_tokens=24)
    assert answer.message.role == "assistant"
    assert answer.message.content == other.choices[0].message.content
    pieces = client.chat(model, messages, options=OPTIONS, stream=True)
    assert "".join(piece.message.content for piece in pieces) == answer.message.content


def test_options_and_raw_prompts_are_taken(client, model):
    raw = client.generate(model, "The sun rises in", raw=True, options=OPTIONS | {"num_predict": 5, "seed": 1})
    assert raw.eval_count == 5 and raw.done_reason == "length"
    stopped = client.generate(model, "The sun rises in", raw=True, options=OPTIONS | {"stop": raw.response[1:3]})
    assert stopped.response == raw.response[:1] and stopped.done_reason == "stop"


def test_a_model_can_be_loaded_kept_and_pulled_but_not_removed(client, model):
    assert client.generate(model, "", keep_alive=-1).done_reason == "load"
    assert client.pull(model).status == "success"
    assert [progress.status for progress in client.pull(model, stream=True)] == ["success"]
    with pytest.raises(ollama.ResponseError) as error:
        client.delete(model)
    assert error.value.status_code == 403
    with pytest.raises(ollama.ResponseError, match="riposte pull llama3"):
        client.pull("llama3")


def test_what_is_not_there_is_refused_by_name(client, model):
    with pytest.raises(ollama.ResponseError, match="#/pattern"):
        client.generate(model, SENTENCE, format={"pattern": "x"})
    with pytest.raises(ollama.ResponseError, match="temperature"):
        client.generate(model, SENTENCE, options={"temperature": 9})


def test_embeddings_are_those_of_the_other_dialect(client, model, server):
    openai = pytest.importorskip("openai")
    texts = [SENTENCE, "It rains."]
    answer = client.embed(model, texts)
    assert answer.prompt_eval_count > 0 and answer.total_duration > 0
    other = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none").embeddings.create(model=model, input=texts)
    for vector, item in zip(answer.embeddings, other.data, strict=True):
        assert list(vector) == pytest.approx(item.embedding)
    assert list(client.embeddings(model, SENTENCE).embedding) == list(answer.embeddings[0])
    assert len(client.embed(model, SENTENCE, dimensions=16).embeddings[0]) == 16
