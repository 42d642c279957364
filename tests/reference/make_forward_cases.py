#!/usr/bin/env python3
"""Tiny models of each architecture, and what they say, computed in float64 by forward_pass.py.

Writes to tests/executor/models: <architecture>.gguf (random weights in a mix of types),
<architecture>.forward.jsonl, <architecture>.greedy.jsonl and <architecture>.hidden.jsonl. One case a line:

  forward: ids; top: the 20 highest logits at the last position, falling; logsumexp there; nll: the mean over all
           positions but the last of the negative log-likelihood of the next token (null for one token)
  greedy:  prompt_ids; continuation_ids; margins: how far each winner was ahead of the next
  hidden:  ids; last: the hidden state behind the last norm at the last position; mean: that of all positions

Usage: make_forward_cases.py           writes them anew
       make_forward_cases.py --hidden  writes the hidden states alone, of the models and ids that are there
       make_forward_cases.py --check MODEL.gguf FORWARD.jsonl     compares the forward pass with other reference values
Needs: pip install gguf numpy
"""

import json
import pathlib
import sys

import forward_pass
import gguf
import numpy as np

VOCABULARY = 288
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "executor" / "models"

# Sizes, and the types of the matrices by role: one for each layer, in turn.
MODELS = {
    # Grouped heads, the frequency factors of Llama 3, an output matrix of its own.
    "llama": {
        "sizes": {"layers": 2, "hidden": 64, "heads": 4, "kv_heads": 2, "head_size": 16, "feed_forward": 96},
        "rope_base": 500000.0,
        "rope_factors": [1.0, 1.0, 1.0, 1.5, 2.5, 4.0, 8.0, 8.0],
        "own_output": "Q8_0",
        "types": {"token_embd": ["F16"], "attn_q": ["F32", "Q8_0"], "attn_v": ["F16", "F32"], "ffn_up": ["BF16", "Q8_0"]},
        "otherwise": ["Q8_0", "Q4_1"],
    },
    # Biases, the embedding as output matrix, K formats.
    "qwen2": {
        "sizes": {"layers": 2, "hidden": 64, "heads": 4, "kv_heads": 1, "head_size": 16, "feed_forward": 256},
        "rope_base": 1000000.0,
        "types": {
            "token_embd": ["Q8_0"],
            "attn_q": ["Q5_0", "Q4_1"],
            "attn_k": ["Q5_1", "Q5_0"],
            "ffn_down": ["Q4_K", "Q6_K"],
        },
        "otherwise": ["Q8_0", "Q4_0"],
    },
    # Head norms, heads wider than hidden / heads, as many key heads as query heads.
    "qwen3": {
        "sizes": {"layers": 2, "hidden": 64, "heads": 3, "kv_heads": 3, "head_size": 32, "feed_forward": 256},
        "rope_base": 1000000.0,
        "own_output": "Q4_1",
        "types": {"token_embd": ["Q5_0"], "ffn_down": ["Q5_K", "Q3_K"], "attn_v": ["Q8_0", "F16"]},
        "otherwise": ["Q4_1", "Q5_1"],
    },
    # A window that most layers look through, norms after each block, scaled positions in the full layer.
    "gemma3": {
        "sizes": {"layers": 7, "hidden": 32, "heads": 2, "kv_heads": 1, "head_size": 32, "feed_forward": 64},
        "rope_base": 1000000.0,
        "window": 5,
        "rope_scale": 4.0,
        "types": {"token_embd": ["Q8_0"], "attn_v": ["Q8_0", "F16"]},
        "otherwise": ["Q8_0", "Q5_0", "Q4_0"],
    },
}

# Byte offsets of the half-precision scales in the blocks of the K formats, which the gguf package cannot write.
K_SCALES = {"Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def random_matrix(rng, rows, columns, type_name):
    """The bytes of a matrix whose products keep about the size of their inputs."""
    kind = gguf.GGMLQuantizationType[type_name]
    scale = 1.4 / np.sqrt(columns)
    if type_name not in K_SCALES:
        return gguf.quantize(rng.normal(size=(rows, columns)).astype(np.float32) * np.float32(scale), kind)
    # Random bits are random integers; the scales are then chosen so that the values have the wanted spread.
    elements, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, size=(rows * columns // elements, block_bytes), dtype=np.uint8)

    def set_scales(value):
        # d and dmin nearly cancel the mean of the unsigned formats: q averages half its range.
        for offset, factor in zip(K_SCALES[type_name], [1.0, {"Q4_K": 7.5, "Q5_K": 15.5}.get(type_name, 0.0)]):
            half = np.array([value * factor], dtype="<f2").view(np.uint8)
            blocks[:, offset : offset + 2] = half
        return gguf.dequantize(blocks.reshape(rows, -1), kind)

    spread = set_scales(2.0**-10).std() * 2.0**10
    set_scales(scale / spread)
    return blocks.reshape(rows, -1)


def add_tokenizer(writer):
    tokens = ["<unk>", "<bos>", "<eos>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [3, 3, 3] + [6] * 256
    pieces = ["\u2581"] + [chr(ord("a") + i) for i in range(26)] + ["."]
    tokens += pieces + [f"<unused{i}>" for i in range(VOCABULARY - len(tokens) - len(pieces))]
    types += [1] * len(pieces)
    types += [5] * (VOCABULARY - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(i) for i in range(VOCABULARY)])
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)


def write_model(path, architecture, recipe, rng):
    sizes = recipe["sizes"]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"Tiny {architecture} of random weights")
    writer.add_context_length(256)
    writer.add_block_count(sizes["layers"])
    writer.add_embedding_length(sizes["hidden"])
    writer.add_feed_forward_length(sizes["feed_forward"])
    writer.add_head_count(sizes["heads"])
    writer.add_head_count_kv(sizes["kv_heads"])
    writer.add_key_length(sizes["head_size"])
    writer.add_value_length(sizes["head_size"])
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(recipe["rope_base"])
    if "window" in recipe:
        writer.add_sliding_window(recipe["window"])
    if "rope_scale" in recipe:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(recipe["rope_scale"])
    add_tokenizer(writer)

    def matrix(name, rows, columns, layer=0):
        kinds = recipe["types"].get(name.split(".")[-2], recipe["otherwise"])
        type_name = recipe["own_output"] if name == "output.weight" else kinds[layer % len(kinds)]
        kind = gguf.GGMLQuantizationType[type_name]
        writer.add_tensor(name, random_matrix(rng, rows, columns, type_name), raw_dtype=kind)

    def vector(name, size, around):
        writer.add_tensor(name, (around + 0.2 * rng.normal(size=size)).astype(np.float32))

    hidden, head_size = sizes["hidden"], sizes["head_size"]
    widths = {"attn_q": sizes["heads"] * head_size, "attn_k": sizes["kv_heads"] * head_size}
    widths["attn_v"] = widths["attn_k"]
    matrix("token_embd.weight", VOCABULARY, hidden)
    if "own_output" in recipe:
        matrix("output.weight", VOCABULARY, hidden)
    if "rope_factors" in recipe:
        writer.add_tensor("rope_freqs.weight", np.array(recipe["rope_factors"], dtype=np.float32))
    vector("output_norm.weight", hidden, 1.5)
    for layer in range(sizes["layers"]):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight", hidden, 1.0)
        vector(block + "ffn_norm.weight", hidden, 1.0)
        for role, width in widths.items():
            matrix(f"{block}{role}.weight", width, hidden, layer)
            if architecture == "qwen2":
                vector(f"{block}{role}.bias", width, 0.0)
        if architecture in ("qwen3", "gemma3"):
            vector(block + "attn_q_norm.weight", head_size, 1.5)
            vector(block + "attn_k_norm.weight", head_size, 1.5)
        if architecture == "gemma3":
            vector(block + "post_attention_norm.weight", hidden, 1.0)
            vector(block + "post_ffw_norm.weight", hidden, 1.0)
        matrix(block + "attn_output.weight", hidden, widths["attn_q"], layer)
        matrix(block + "ffn_gate.weight", sizes["feed_forward"], hidden, layer)
        matrix(block + "ffn_up.weight", sizes["feed_forward"], hidden, layer)
        matrix(block + "ffn_down.weight", hidden, sizes["feed_forward"], layer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def log_sum_exp(values):
    highest = values.max(axis=-1)
    return highest + np.log(np.exp(values - highest[..., None]).sum(axis=-1))


def forward_case(model, ids):
    logits = forward_pass.logits(model, ids)
    best = np.argsort(-logits[-1], kind="stable")[:20]
    likelihoods = log_sum_exp(logits[:-1]) - logits[np.arange(len(ids) - 1), ids[1:]] if len(ids) > 1 else None
    return {
        "ids": ids,
        "top": [[int(i), round(float(logits[-1, i]), 6)] for i in best],
        "logsumexp": round(float(log_sum_exp(logits[-1])), 6),
        "nll": None if likelihoods is None else round(float(likelihoods.mean()), 6),
    }


def greedy_case(model, prompt, length):
    ids, margins = list(prompt), []
    for _ in range(length):
        logits = forward_pass.logits(model, ids)[-1]
        second, first = np.sort(logits)[-2:]
        ids.append(int(np.argmax(logits)))
        margins.append(round(float(first - second), 6))
    return {"prompt_ids": list(prompt), "continuation_ids": ids[len(prompt) :], "margins": margins}


def hidden_case(model, ids):
    hidden = forward_pass.hidden_states(model, ids)

    def rounded(values):
        return [round(float(value), 6) for value in values]

    return {"ids": ids, "last": rounded(hidden[-1]), "mean": rounded(hidden.mean(axis=0))}


def make_hidden(architecture):
    """Of some of the forward cases."""
    model = forward_pass.Model(FOLDER / f"{architecture}.gguf")
    lines = (FOLDER / f"{architecture}.forward.jsonl").read_text().splitlines()
    cases = [hidden_case(model, json.loads(line)["ids"]) for line in lines]
    write_lines(FOLDER / f"{architecture}.hidden.jsonl", [case for case in cases if len(case["ids"]) in (1, 5, 17, 70)])


def write_lines(path, cases):
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))


def make():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20261)
    for architecture, recipe in MODELS.items():
        path = FOLDER / f"{architecture}.gguf"
        write_model(path, architecture, recipe, rng)
        model = forward_pass.Model(path)

        def random_ids(length):
            return [int(i) for i in rng.integers(0, VOCABULARY, size=length)]

        # Around the ends of pages (16 tokens), and well past gemma3's window.
        forward = [forward_case(model, random_ids(length)) for length in (1, 2, 5, 15, 16, 17, 33, 70)]
        greedy = [greedy_case(model, random_ids(length), 24) for length in (1, 9, 20)]
        write_lines(FOLDER / f"{architecture}.forward.jsonl", forward)
        write_lines(FOLDER / f"{architecture}.greedy.jsonl", greedy)
        make_hidden(architecture)
        print(f"{path}: {path.stat().st_size} bytes, smallest margin {min(min(c['margins']) for c in greedy)}")


def check(model_path, cases_path):
    model = forward_pass.Model(model_path)
    for line in pathlib.Path(cases_path).read_text().splitlines():
        expected = json.loads(line)
        if len(expected["ids"]) > 70:
            continue
        logits = forward_pass.logits(model, expected["ids"])[-1]
        difference = max(abs(logits[i] - logit) for i, logit in expected["top"])
        print(f"{len(expected['ids'])} tokens: largest difference of the top logits {difference:.1e}")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--check":
        check(sys.argv[2], sys.argv[3])
    elif sys.argv[1:] == ["--hidden"]:
        for name in MODELS:
            make_hidden(name)
    elif len(sys.argv) == 1:
        make()
    else:
        sys.exit(__doc__)
