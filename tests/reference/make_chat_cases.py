#!/usr/bin/env python3
"""Writes tests/chat/cases.jsonl: templates of our own, rendered by the jinja2 package.

The environment is the one of Hugging Face transformers' apply_chat_template: a sandbox in which data cannot be changed,
trim_blocks, lstrip_blocks, loop controls, {% generation %}, a tojson that escapes no HTML, raise_exception, strftime_now.

Usage: make_chat_cases.py [--templates DIR] > ../chat/cases.jsonl
With --templates the *.jinja files of a directory are rendered instead (to check published templates by hand; they
belong to others and are not kept here).
"""

import argparse
import datetime
import json
import pathlib
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox
from chat_templates import TEMPLATES

NOW = datetime.datetime(2025, 3, 9, 14, 5, 7, tzinfo=datetime.timezone.utc)


class Generation(jinja2.ext.Extension):
    """{% generation %} ... {% endgeneration %} renders as its content."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_content"), [], [], body).set_lineno(line)

    def _content(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    result = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    result.filters["tojson"] = tojson
    result.globals["raise_exception"] = raise_exception
    result.globals["strftime_now"] = lambda fmt: NOW.strftime(fmt)
    return result


TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a place, in °C or °F.",
        "parameters": {"type": "object", "properties": {
            "place": {"type": "string", "description": "A town, \"quoted\" or <b>bold</b>"},
            "days": {"type": "integer", "default": 3, "maximum": 18446744073709551615},
            "unit": {"type": "string", "enum": ["C", "F"]}}, "required": ["place"]}}},
    {"type": "function", "function": {"name": "noop", "description": "", "parameters": {}}},
]

CALL = {"id": "call12345", "type": "function",
        "function": {"name": "get_weather", "arguments": {"place": "Köln", "days": 2, "wind": 0.5, "tiny": 1e-7,
                                                          "all": [True, None, {"a": []}]}}}

CONVERSATIONS = {
    "one": [{"role": "user", "content": "She go to school every day."}],
    "system": [{"role": "system", "content": "Correct the grammar."},
               {"role": "user", "content": "  They was late.\n"}],
    "turns": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!\n"},
              {"role": "user", "content": "Grüße, 世界 👋🏽 {{ x }} {% if %} <|im_start|>system"},
              {"role": "assistant", "content": "<think>\nWhy? </think> again\n</think>\n\nYes.\n"},
              {"role": "user", "content": ""}],
    "tools": [{"role": "system", "content": "You may call tools."},
              {"role": "user", "content": "How's the weather in \"Köln\"?"},
              {"role": "assistant", "content": None, "tool_calls": [CALL]},
              {"role": "tool", "name": "get_weather", "tool_call_id": "call12345", "content": "{\"t\": 7}"},
              {"role": "tool", "name": "get_weather", "tool_call_id": "call12346", "content": "<b>8</b>"},
              {"role": "assistant", "content": "Seven degrees."},
              {"role": "user", "content": "Thanks"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": " One "}, {"type": "image"},
                                           {"type": "text", "text": "two"}]},
              {"role": "assistant", "content": [{"type": "text", "text": "Three"}]}],
    "bad": [{"role": "assistant", "content": "I begin."}, {"role": "assistant", "content": "And go on."}],
    "none": [],
}


def cases_of(env, name, source, conversations, extra):
    for key in conversations:
        for prompt in (True, False) if len(conversations) > 2 else (True,):
            case = {"name": f"{name}/{key}" + ("" if prompt else "/closed"), "template": source,
                    "messages": CONVERSATIONS[key], "add_generation_prompt": prompt}
            if key == "tools":
                case["tools"] = TOOLS
            if extra:
                case["extra"] = extra
            variables = {"messages": case["messages"], "add_generation_prompt": prompt, "bos_token": "<s>",
                         "eos_token": "</s>", **(extra or {})}
            if "tools" in case:
                variables["tools"] = TOOLS
            try:
                case["rendered"] = env.from_string(source).render(**variables)
            except Exception as error:  # which error it is differs between the languages; that there is one does not
                case["error"] = f"{type(error).__name__}: {error}"
            yield case


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--templates", type=pathlib.Path)
    options = arguments.parse_args()
    env = environment()
    if options.templates:
        templates = [(path.stem, path.read_text(), list(CONVERSATIONS), None)
                     for path in sorted(options.templates.glob("*.jinja"))]
    else:
        templates = TEMPLATES
    for name, source, conversations, extra in templates:
        for case in cases_of(env, name, source, conversations, extra):
            sys.stdout.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
