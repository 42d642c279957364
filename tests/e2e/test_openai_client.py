"""The official OpenAI client against the real binary, serving a real model."""

import concurrent.futures
import socket
import struct
import subprocess

import pytest

openai = pytest.importorskip("openai")

INSTRUCTION = "Correct the grammar and spelling of the user's sentence. Reply with the corrected sentence only."
SENTENCES = [
    "She go to school every day.",
    "I has never saw such a big garden.",
    "The informations was very helpful for us.",
    "He don't like when it rain in the evening.",
    "Yesterday we was going to the lake by bus.",
    "There is many peoples which speaks three language.",
]


def ask(client, model, sentence=SENTENCES[0], **fields):
    messages = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": sentence}]
    return client.chat.completions.create(
        model=model, messages=messages, **{"temperature": 0, "max_tokens": 40} | fields
    )


def test_the_model_is_listed_and_found(client, model):
    assert client.models.retrieve(model).id == model
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("no-such-model")
    assert error.value.code == "model_not_found"


def test_a_chat_is_answered_with_its_token_counts(client, model):
    answer = ask(client, model)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.prompt_tokens > 20
    assert 0 < answer.usage.completion_tokens <= 40
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_the_instruction_is_computed_once(client, model):
    ask(client, model, SENTENCES[1])
    assert ask(client, model, SENTENCES[2]).usage.prompt_tokens_details.cached_tokens > 0


def test_a_stream_has_the_text_of_the_whole_answer(client, model):
    whole = ask(client, model)
    fresh = {"extra_headers": {"Cache-Control": "no-cache"}}  # an answer that was given before comes in one piece
    chunks = list(ask(client, model, stream=True, stream_options={"include_usage": True}, **fresh))
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert len(chunks) > 4, "the text should come in pieces"
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_max_tokens_bounds_the_answer(client, model):
    answer = ask(client, model, max_tokens=3)
    assert answer.usage.completion_tokens == 3
    assert answer.choices[0].finish_reason == "length"


def test_a_stop_string_ends_the_answer_before_it(client, model):
    whole = ask(client, model).choices[0].message.content
    stop = whole.split()[1]
    answer = ask(client, model, stop=[stop])
    assert answer.choices[0].message.content == whole[: whole.index(stop)]
    assert answer.choices[0].finish_reason == "stop"


def test_a_seed_decides_a_sampled_answer(client, model):
    def sampled(seed):
        return ask(client, model, temperature=1.5, seed=seed).choices[0].message.content

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(4)}) > 1


def test_several_choices_are_answers_to_several_seeds(client, model):
    answer = ask(client, model, temperature=1.5, seed=1, n=3)
    texts = [choice.message.content for choice in answer.choices]
    assert texts[0] == ask(client, model, temperature=1.5, seed=1).choices[0].message.content
    assert texts[2] == ask(client, model, temperature=1.5, seed=3).choices[0].message.content
    chunks = list(ask(client, model, temperature=1.5, seed=1, n=3, stream=True))
    for index, text in enumerate(texts):
        choices = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == index]
        assert "".join(choice.delta.content or "" for choice in choices) == text


def test_log_probabilities_tell_how_sure_the_model_was(client, model):
    answer = ask(client, model, logprobs=True, top_logprobs=4)
    tokens = answer.choices[0].logprobs.content
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == answer.choices[0].message.content
    for token in tokens:
        assert token.logprob == token.top_logprobs[0].logprob, "greedy: the likeliest was taken"
        assert len(token.top_logprobs) == 4 and token.logprob <= 0


def test_a_bias_can_force_a_token(client, model):
    answer = ask(client, model, logit_bias={"300": 100}, max_tokens=3, logprobs=True)
    tokens = [token.token for token in answer.choices[0].logprobs.content]
    assert len(tokens) == 3 and len(set(tokens)) == 1


def test_penalties_change_a_greedy_answer_and_fields_without_meaning_are_ignored(client, model):
    plain = ask(client, model, "la la la la la la", max_tokens=30).choices[0].message.content
    same = ask(client, model, "la la la la la la", max_tokens=30, user="someone", metadata={"a": "b"})
    assert same.choices[0].message.content == plain
    other = ask(client, model, "la la la la la la", max_tokens=30, presence_penalty=2, frequency_penalty=2)
    assert other.choices[0].message.content != plain


def test_text_is_continued_without_a_template(client, model):
    fields = {"model": model, "temperature": 0, "max_tokens": 8}
    answer = client.completions.create(prompt=["The sun rises in", "Two and two are"], logprobs=2, **fields)
    assert answer.object == "text_completion" and len(answer.choices) == 2
    columns = answer.choices[0].logprobs
    assert "".join(columns.tokens) == answer.choices[0].text
    assert all(len(top) == 2 for top in columns.top_logprobs)
    stream = client.completions.create(prompt="The sun rises in", stream=True, **fields)
    assert "".join(chunk.choices[0].text for chunk in stream) == answer.choices[0].text
    with pytest.raises(openai.BadRequestError) as error:
        client.completions.create(prompt="x", best_of=3, **fields)
    assert error.value.param == "best_of"


def as_floats(values):
    """What the decimals of an answer are as single-precision floats."""
    return list(struct.unpack(f"{len(values)}f", struct.pack(f"{len(values)}f", *values)))


def test_an_embedding_is_the_same_as_floats_and_as_base64_alone_and_in_a_list(client, model):
    plain = client.embeddings.create(model=model, input=SENTENCES, encoding_format="float")
    assert plain.object == "list" and [item.index for item in plain.data] == list(range(len(SENTENCES)))
    packed = client.embeddings.create(model=model, input=SENTENCES)  # the client asks for base64 and unpacks it
    for sentence, item, other in zip(SENTENCES, plain.data, packed.data):
        assert as_floats(item.embedding) == other.embedding
        alone = client.embeddings.create(model=model, input=sentence)
        assert alone.data[0].embedding == other.embedding
        assert abs(sum(value * value for value in item.embedding) - 1) < 1e-5
    assert plain.usage.prompt_tokens == plain.usage.total_tokens > 6 * len(SENTENCES)


def test_sentences_that_mean_the_same_lie_closer_together(client, model):
    texts = ["The cat sleeps on the sofa.", "A cat is asleep on the couch.", "Interest rates rose by two percent."]
    cat, couch, rates = [item.embedding for item in client.embeddings.create(model=model, input=texts).data]

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b))

    assert cosine(cat, couch) > cosine(cat, rates)


def test_fewer_dimensions_and_the_last_token_make_another_vector(client, model):
    whole = client.embeddings.create(model=model, input=SENTENCES[0]).data[0].embedding
    short = client.embeddings.create(model=model, input=SENTENCES[0], dimensions=64).data[0].embedding
    length = sum(value * value for value in whole[:64]) ** 0.5
    assert len(short) == 64 and all(abs(a - b / length) < 1e-6 for a, b in zip(short, whole))
    last = client.embeddings.create(model=model, input=SENTENCES[0], extra_body={"pooling": "last"})
    assert last.data[0].embedding != whole
    with pytest.raises(openai.BadRequestError) as error:
        client.embeddings.create(model=model, input=SENTENCES[0], dimensions=10_000)
    assert error.value.param == "dimensions"


def test_a_response_is_a_chat_in_its_newer_form(client, model):
    fields = {"model": model, "temperature": 0, "max_output_tokens": 40}
    whole = client.responses.create(instructions=INSTRUCTION, input=SENTENCES[0], **fields)
    assert whole.output_text == ask(client, model).choices[0].message.content
    assert whole.status in ("completed", "incomplete") and whole.usage.output_tokens <= 40
    items = [{"role": "system", "content": INSTRUCTION},
             {"role": "user", "content": [{"type": "input_text", "text": SENTENCES[0]}]}]
    assert client.responses.create(input=items, **fields).output_text == whole.output_text
    with client.responses.stream(instructions=INSTRUCTION, input=SENTENCES[0], **fields) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == whole.output_text
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(input="x", previous_response_id="resp_1", **fields)
    assert error.value.param == "previous_response_id"


def test_requests_side_by_side_get_the_answers_that_they_get_alone(client, model):
    def answer(case):
        sentence, temperature = case
        return ask(client, model, sentence, temperature=temperature, seed=7).choices[0].message.content

    cases = [(sentence, temperature) for sentence in SENTENCES for temperature in (0, 1)]
    alone = [answer(case) for case in cases]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        assert list(pool.map(answer, cases)) == alone


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"n": 99}, "n"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"stop": [""]}, "stop"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"extra_body": {"min_p": "much"}}, "min_p"),
    ],
)
def test_a_bad_field_is_named(client, model, fields, param):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, model, **fields)
    assert error.value.param == param
    assert error.value.type == "invalid_request_error"


def test_a_picture_is_refused_with_its_place(client, model):
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert error.value.param == "messages[0].content[0].type"


def test_another_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as error:
        ask(client, "gpt-9")
    assert error.value.param == "model"


def test_text_beyond_the_context_is_refused_and_the_server_goes_on(client, model):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, model, "word " * 200_000)
    assert error.value.code == "context_length_exceeded"
    assert ask(client, model, max_tokens=1).choices


def test_a_control_token_in_a_sentence_stays_text(client, model):
    plain = ask(client, model, "x", max_tokens=1).usage.prompt_tokens
    spelled = ask(client, model, "<|im_end|>", max_tokens=1).usage.prompt_tokens
    assert spelled > plain + 2


def test_clients_that_leave_in_the_middle_do_not_disturb_others(client, server, model):
    expected = ask(client, model).choices[0].message.content
    for _ in range(5):
        stream = ask(client, model, "Tell a long story.", stream=True, max_tokens=400)
        next(iter(stream))
        stream.close()
    assert ask(client, model).choices[0].message.content == expected


def test_a_port_in_use_is_a_clear_error(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [server.binary, "serve", "--model", server.model, "--port", str(port)],
            capture_output=True, text=True, timeout=120,
        )
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr
