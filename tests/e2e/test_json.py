"""Answers held to a JSON schema, by the clients that people use: what ends by itself parses and validates."""

import json

import jsonschema_rs
import pytest

openai = pytest.importorskip("openai")
ollama = pytest.importorskip("ollama")
pydantic = pytest.importorskip("pydantic")

TEXT = "Ada Lovelace, 36 years old, lived in London and liked mathematics, horses and machines."
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 30},
        "age": {"type": "integer"},
        "likes": {"type": "array", "items": {"type": "string", "maxLength": 20}, "minItems": 1, "maxItems": 3},
        "city": {"enum": ["London", "Paris", None]},
        "home": {"$ref": "#/$defs/home"},
    },
    "required": ["name", "age", "likes", "city"],
    "additionalProperties": False,
    "$defs": {
        "home": {
            "type": "object",
            "properties": {"rooms": {"type": "number"}, "within": {"anyOf": [{"$ref": "#/$defs/home"}, {"type": "null"}]}},
            "required": ["rooms", "within"],
        }
    },
}


def json_schema(schema, strict=True):
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": strict, "schema": schema}}


def ask(client, model, **fields):
    messages = [{"role": "user", "content": f"Answer in JSON. Who is this? {TEXT}"}]
    return client.chat.completions.create(
        model=model, messages=messages, **{"temperature": 0, "max_tokens": 900} | fields
    )


@pytest.mark.parametrize("fields", [{}, {"temperature": 1.2, "seed": 3}, {"frequency_penalty": 0.5}])
def test_an_answer_validates_against_its_schema(client, model, fields):
    answer = ask(client, model, response_format=json_schema(PERSON), **fields)
    assert answer.choices[0].finish_reason == "stop"
    jsonschema_rs.validate(PERSON, json.loads(answer.choices[0].message.content))


def test_a_class_is_filled_in(client, model):
    class Person(pydantic.BaseModel):
        name: str
        age: int
        married: bool | None

    completion = client.chat.completions.parse(
        model=model, messages=[{"role": "user", "content": TEXT}], response_format=Person, temperature=0, max_tokens=200
    )
    assert isinstance(completion.choices[0].message.parsed, Person)


def test_guesses_change_nothing(client, model):
    plain = ask(client, model, response_format=json_schema(PERSON), extra_body={"draft_history": False})
    text = plain.choices[0].message.content
    expected = {"type": "content", "content": text.replace("36", "{37}")}
    guessed = ask(client, model, response_format=json_schema(PERSON), prediction=expected,
                  extra_headers={"Cache-Control": "no-store"})
    assert guessed.choices[0].message.content == text
    assert guessed.usage.completion_tokens_details.accepted_prediction_tokens > 0


def test_streams_choices_and_log_probabilities_go_with_it(client, model):
    fields = {"response_format": json_schema(PERSON), "temperature": 1, "seed": 5, "n": 3}
    whole = ask(client, model, logprobs=True, **fields)
    texts = [choice.message.content for choice in whole.choices]
    for choice in whole.choices:
        jsonschema_rs.validate(PERSON, json.loads(choice.message.content))
        spelled = b"".join(bytes(token.bytes) for token in choice.logprobs.content).decode()
        assert spelled == choice.message.content
    streamed = ["", "", ""]
    for chunk in ask(client, model, stream=True, extra_headers={"Cache-Control": "no-store"}, **fields):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == texts


def test_any_object_is_still_an_object(client, model):
    answer = ask(client, model, response_format={"type": "json_object"}, max_tokens=500)
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(answer.choices[0].message.content), dict)
    assert answer.choices[0].message.content.startswith("{")


def test_a_text_that_is_cut_short_says_so(client, model):
    answer = ask(client, model, response_format=json_schema(PERSON), max_tokens=5)
    assert answer.choices[0].finish_reason == "length"


def test_the_cache_tells_formats_apart(client, model):
    number = ask(client, model, response_format=json_schema({"type": "integer"}))
    text = ask(client, model, response_format=json_schema({"type": "string", "maxLength": 20}))
    again = ask(client, model, response_format=json_schema({"type": "integer"}))
    assert isinstance(json.loads(number.choices[0].message.content), int)
    assert isinstance(json.loads(text.choices[0].message.content), str)
    assert again.choices[0].message.content == number.choices[0].message.content


def test_a_response_has_the_form_of_its_text_format(client, model):
    form = {"format": {"type": "json_schema", "name": "answer", "schema": PERSON, "strict": True}}
    response = client.responses.create(model=model, input=TEXT, text=form, temperature=0, max_output_tokens=900)
    jsonschema_rs.validate(PERSON, json.loads(response.output_text))
    assert response.text.format.type == "json_schema"


def test_ollama_takes_a_schema_or_json(server):
    client = ollama.Client(host=server.url)
    options = {"temperature": 0, "num_predict": 900}
    said = client.chat(server.model_name, [{"role": "user", "content": TEXT}], format=PERSON, options=options)
    jsonschema_rs.validate(PERSON, json.loads(said.message.content))
    said = client.generate(server.model_name, TEXT, format="json", options=options)
    assert said.response.startswith("{")
    if said.done_reason == "stop":
        json.loads(said.response)


def test_what_a_schema_cannot_say_is_refused_with_its_place(client, model):
    schema = {"type": "object", "properties": {"age": {"type": "integer", "multipleOf": 7}}}
    with pytest.raises(openai.BadRequestError, match="#/properties/age/multipleOf") as error:
        ask(client, model, response_format=json_schema(schema))
    assert error.value.param == "response_format.json_schema.schema"


@pytest.mark.parametrize("seed", range(12))
def test_even_a_model_without_sense_writes_what_fits(short_server, seed):
    """Random weights: every answer is a walk through the allowed tokens."""
    client = openai.OpenAI(base_url=f"{short_server.url}/v1", api_key="none", max_retries=0, timeout=120)
    schema = PERSON | {"properties": PERSON["properties"] | {
        "name": {"type": "string", "maxLength": 4},
        "likes": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2}}}
    answer = client.chat.completions.create(
        model=short_server.model_name, messages=[{"role": "user", "content": "x"}], temperature=2, seed=seed,
        max_tokens=200, response_format=json_schema(schema), extra_body={"top_k": 0, "top_p": 1, "min_p": 0})
    if answer.choices[0].finish_reason == "stop":
        jsonschema_rs.validate(schema, json.loads(answer.choices[0].message.content))
