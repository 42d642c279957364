"""Calls of tools, required of a small model, by the clients that people use."""

import json

import pytest

openai = pytest.importorskip("openai")
ollama = pytest.importorskip("ollama")

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["C", "F"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}
TIME = {"name": "get_time", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": TIME}]
QUESTION = [{"role": "user", "content": "What is the weather in Kiel?"}]


def check_weather(arguments):
    assert set(arguments) == {"city", "unit"} and arguments["unit"] in ("C", "F")


def test_a_named_function_is_called_with_arguments_that_fit(client, server):
    fields = {"model": server.model_name, "messages": QUESTION, "tools": TOOLS, "temperature": 0, "max_tokens": 120,
              "tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    answer = client.chat.completions.create(**fields).choices[0]
    assert answer.finish_reason == "tool_calls" and not answer.message.content
    assert answer.message.tool_calls[0].function.name == "get_weather"
    check_weather(json.loads(answer.message.tool_calls[0].function.arguments))
    calls = [call for chunk in client.chat.completions.create(stream=True, **fields)
             for call in chunk.choices[0].delta.tool_calls or []]
    assert [call.function.arguments for call in calls] == [answer.message.tool_calls[0].function.arguments]


def test_some_call_can_be_required(client, server):
    answer = client.chat.completions.create(
        model=server.model_name, messages=QUESTION, tools=TOOLS, tool_choice="required", temperature=0, max_tokens=120)
    assert answer.choices[0].message.tool_calls[0].function.name in ("get_weather", "get_time")


def test_a_response_calls_a_function_and_hears_what_came_of_it(client, server):
    fields = {"model": server.model_name, "temperature": 0, "max_output_tokens": 120,
              "tools": [{"type": "function", "strict": True, **WEATHER}]}
    must = {"tool_choice": {"type": "function", "name": "get_weather"}}
    response = client.responses.create(input=QUESTION, **must, **fields)
    call = response.output[0]
    assert call.type == "function_call" and call.name == "get_weather"
    check_weather(json.loads(call.arguments))
    with client.responses.stream(input=QUESTION, **must, **fields) as stream:
        events = list(stream)
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert [event.arguments for event in done] == [call.arguments]
    items = [*QUESTION, call.to_dict(), {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}]
    assert client.responses.create(input=items, tool_choice="none", **fields).output[0].type == "message"


def test_ollama_takes_tools_and_their_results(server):
    said = ollama.Client(host=server.url).chat(
        server.model_name,
        [*QUESTION,
         {"role": "assistant", "content": "",
          "tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Kiel", "unit": "C"}}}]},
         {"role": "tool", "content": "rain", "tool_name": "get_weather"}],
        tools=TOOLS, options={"temperature": 0, "num_predict": 20})
    assert said.message.role == "assistant"


def test_beside_a_format_the_answer_is_a_call_or_has_that_format(client, server):
    schema = {"type": "object", "properties": {"answer": {"type": "string", "maxLength": 30}}, "required": ["answer"],
              "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    for seed in range(4):
        answer = client.chat.completions.create(
            model=server.model_name, messages=QUESTION, tools=TOOLS, temperature=1, seed=seed, max_tokens=150,
            response_format=form).choices[0]
        if answer.finish_reason == "tool_calls":
            assert answer.message.tool_calls[0].function.name in ("get_weather", "get_time")
        elif answer.finish_reason == "stop":
            assert set(json.loads(answer.message.content)) == {"answer"}
