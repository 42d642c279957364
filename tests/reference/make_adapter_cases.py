#!/usr/bin/env python3
"""LoRA adapters of random values for the tiny models of make_forward_cases.py, and what the models say with them.

Writes to tests/executor/models: <architecture>.adapter.gguf and <architecture>.adapter.forward.jsonl (as there). What the
models say is computed in float64 by forward_pass.py with the adapter merged into the weights, W + alpha / rank * B A:
another way than the one that Riposte takes.

Usage: make_adapter_cases.py
Needs: pip install gguf numpy xxhash
"""

import gguf
import make_forward_cases
import numpy as np
import xxhash
from forward_pass import Model

# Ranks that are whole groups of 32 and ranks that are not, alphas that are powers of two and others; every type that
# adapters may have, in turn; roles that are left alone.
RECIPES = {
    "llama": {"rank": 8, "alpha": 16.0, "types": ["F32", "F16"], "without": []},
    "qwen2": {"rank": 32, "alpha": 20.0, "types": ["Q8_0", "F16"], "without": ["attn_k"]},
    "qwen3": {"rank": 5, "alpha": 5.0, "types": ["BF16", "F32"], "without": ["ffn_gate", "attn_output"]},
    "gemma3": {"rank": 12, "alpha": 3.0, "types": ["F16"], "without": ["attn_q"]},
}
ROLES = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]


def base_hash(model):
    digest = xxhash.xxh64()
    names = ["output_norm.weight"]
    for layer in range(model.layers):
        names += [f"blk.{layer}.attn_norm.weight", f"blk.{layer}.ffn_norm.weight"]
    for name in names:
        digest.update(model.tensors[name].astype("<f4").tobytes())
    return digest.hexdigest()


def write_adapter(path, model, recipe, rng):
    """Writes the file and merges what it holds into the model."""
    writer = gguf.GGUFWriter(path, model.architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(f"Random values for the tiny {model.architecture}")
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, recipe["alpha"])
    writer.add_string("riposte.adapter.base_xxh64", base_hash(model))
    if model.architecture == "llama":
        writer.add_string("riposte.adapter.preset", "grammar")
        writer.add_string("riposte.adapter.prompt", "a{text}.")
    rank, turn = recipe["rank"], 0
    for layer in range(model.layers):
        for role in ROLES:
            if role in recipe["without"]:
                continue
            name = f"blk.{layer}.{role}.weight"
            rows, columns = model.tensors[name].shape
            halves = []
            for side, shape in (("lora_a", (rank, columns)), ("lora_b", (rows, rank))):
                kind = gguf.GGMLQuantizationType[recipe["types"][turn % len(recipe["types"])]]
                turn += 1
                # The adapter's share of the product has about a third of the size of the base's.
                spread = 1.0 / np.sqrt(columns) if side == "lora_a" else 0.33 / np.sqrt(rank)
                values = rng.normal(size=shape).astype(np.float32) * np.float32(spread)
                packed = gguf.quantize(values, kind)
                writer.add_tensor(f"{name}.{side}", packed, raw_dtype=kind)
                halves.append(gguf.dequantize(packed, kind).astype(np.float64))
            model.tensors[name] = model.tensors[name] + recipe["alpha"] / rank * (halves[1] @ halves[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    rng = np.random.default_rng(20262)
    folder = make_forward_cases.FOLDER
    for architecture, recipe in RECIPES.items():
        model = Model(folder / f"{architecture}.gguf")
        write_adapter(folder / f"{architecture}.adapter.gguf", model, recipe, rng)
        lengths = [1, 2, 7, 30]
        cases = [
            make_forward_cases.forward_case(model, [int(i) for i in rng.integers(0, make_forward_cases.VOCABULARY, size=n)])
            for n in lengths
        ]
        make_forward_cases.write_lines(folder / f"{architecture}.adapter.forward.jsonl", cases)


if __name__ == "__main__":
    main()
