"""riposte debug and riposte info with a tiny model."""
import json

import pytest

TEXTS = ["Hello there.", " two  spaces", "naïve café — 東京 🙂", "<|im_start|>user", "line\nline\r\n", "\x00\x01", "e\u0301", ""]
PROMPT = {"prompt_ids": [72, 101, 108, 108, 111], "max_tokens": 12}


def test_text_survives_tokenize_and_detokenize(tiny):
    tokenized = tiny.json_lines("debug", "tokenize", "--model", "tiny", cases=[{"text": text} for text in TEXTS])
    back = tiny.json_lines("debug", "detokenize", "--model", "tiny", cases=[{"ids": case["ids"]} for case in tokenized])
    composed = [text.replace("e\u0301", "\u00e9") for text in TEXTS]  # Qwen normalises to NFC
    assert [case["text"] for case in back] == composed


def test_other_fields_are_copied_through(tiny):
    [case] = tiny.json_lines("debug", "tokenize", "--model", "tiny", cases=[{"text": "a", "note": [1, {"x": None}]}])
    assert case["note"] == [1, {"x": None}] and case["text"] == "a"


def test_a_control_token_in_a_text_becomes_one_only_if_asked(tiny):
    plain, special = tiny.json_lines("debug", "tokenize", "--model", "tiny",
                                     cases=[{"text": "<|im_start|>"}, {"text": "<|im_start|>", "parse_special": True}])
    assert len(plain["ids"]) > 1 and len(special["ids"]) == 1


def test_messages_are_rendered_by_the_template_of_the_file(tiny):
    messages = [{"role": "user", "content": "Hi <|im_end|>"}]
    with_prompt, without = tiny.json_lines("debug", "render", "--model", "tiny", cases=[
        {"messages": messages}, {"messages": messages, "add_generation_prompt": False}])
    assert "Hi <|im_end|>" in without["rendered"]
    assert with_prompt["rendered"].startswith(without["rendered"]) and with_prompt["rendered"] != without["rendered"]


def test_logits_are_ordered_and_nll_agrees_with_logsumexp(tiny):
    one, two = tiny.json_lines("debug", "logits", "--model", "tiny", cases=[{"ids": [40]}, {"ids": [40, 41]}])
    values = [logit for _, logit in one["top"]]
    assert len(values) == 20 and values == sorted(values, reverse=True)
    assert one["nll"] is None and one["nll_first"] is None and one["logsumexp"] >= values[0]
    assert two["nll"] == two["nll_first"] > 0
    best = one["top"][0][0]
    [case] = tiny.json_lines("debug", "logits", "--model", "tiny", cases=[{"ids": [40, best]}])
    assert case["nll"] == pytest.approx(one["logsumexp"] - values[0], abs=1e-5)


def test_generation_takes_the_highest_logit_at_each_step(tiny):
    [generated] = tiny.json_lines("debug", "generate", "--model", "tiny", cases=[PROMPT])
    ids, margins = generated["continuation_ids"], generated["margins"]
    assert 1 <= len(ids) <= 12 and len(margins) == len(ids) and min(margins) >= 0
    for step in range(len(ids)):
        [case] = tiny.json_lines("debug", "logits", "--model", "tiny", cases=[{"ids": PROMPT["prompt_ids"] + ids[:step]}])
        assert case["top"][0][0] == ids[step]
        assert margins[step] == pytest.approx(case["top"][0][1] - case["top"][1][1], abs=1e-6)


def test_both_executors_agree_but_for_rounding(tiny):
    case = {"ids": [40, 41, 42, 43]}
    [fast] = tiny.json_lines("debug", "logits", "--model", "tiny", "--executor", "cpu", cases=[case])
    [true] = tiny.json_lines("debug", "logits", "--model", "tiny", "--executor", "float", cases=[case])
    assert fast["nll"] == pytest.approx(true["nll"], abs=0.3)


def test_every_instruction_set_gives_the_same_bits(tiny):
    case = {"ids": list(range(30, 60))}
    seen = {}
    for name in ("reference", "avx2", "avx_vnni", "avx512", "avx512_vnni_256", "avx512_vnni", "neon_dotprod",
                 "neon_i8mm"):
        done = tiny("debug", "logits", "--model", "tiny", "--instruction-set", name, stdin=json.dumps(case))
        if done.returncode == 0:
            seen[name] = done.stdout
        else:
            assert done.returncode == 2 and name.encode() in done.stderr  # this machine lacks it
    assert "reference" in seen and len(set(seen.values())) == 1


@pytest.mark.parametrize("stage, line, expected", [
    ("tokenize", "{", "line 1"), ("tokenize", "[]", "one JSON object"), ("tokenize", "{}", '"text"'),
    ("tokenize", '{"text": 3}', '"text"'), ("detokenize", '{"ids": [1.5]}', "1.5"), ("detokenize", '{"ids": [-1]}', "-1"),
    ("render", '{"messages": {}}', '"messages"'), ("render", '{"messages": [], "tools": 1}', '"tools"'),
    ("logits", '{"ids": []}', "at least one"), ("logits", '{"ids": [99999999]}', "99999999"),
    ("generate", '{"prompt_ids": [1], "max_tokens": "3"}', '"max_tokens"'),
])
def test_a_wrong_case_is_named_with_its_line(tiny, error_line, stage, line, expected):
    done = tiny("debug", stage, "--model", "tiny", stdin=line + "\n")
    assert done.returncode == 2 and done.stdout == b""
    assert "line 1" in error_line(done) and expected in error_line(done)


def test_more_tokens_than_fit_are_refused(tiny, error_line):
    done = tiny("debug", "logits", "--model", "tiny", stdin=json.dumps({"ids": [40] * 600}))
    assert done.returncode == 2 and "600 tokens" in error_line(done) and "512" in error_line(done)


def test_info_tells_what_is_inside(tiny):
    told = json.loads(tiny("info", "tiny", "--json").stdout)
    assert told["architecture"] == "qwen2" and told["layers"] == 2 and told["chat_template"] is True
    assert told["tensor_types"]["Q8_0"]["tensors"] > 0 and told["weight_bytes"] < told["file_bytes"]
    # Keys and values of 2 layers, 2 heads of 64, 2 bytes each.
    assert told["kv_bytes_per_token"] == 2 * 2 * 2 * 64 * 2
    text = tiny("info", "tiny").stdout.decode()
    assert "qwen2" in text and "Q8_0" in text and "KV memory" in text
