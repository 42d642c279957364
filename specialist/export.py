#!/usr/bin/env python3
"""Writes what training has learnt as a GGUF file: an adapter, or the base with the adapter merged into it.

usage: export.py --model BASE.gguf --checkpoint RUN/step-*.pt --out FILE [--type q8_0|f16] [--preset NAME] [--merged]
Of several checkpoints the mean of their averaged weights is written: it corrects as much as the best of them and is wrong less
often.
The adapter has the layout of llama.cpp's converter (general.type "adapter", pairs of tensors NAME.lora_a and NAME.lora_b,
adapter.lora.alpha) and says for which preset, prompt and base it was made (riposte.adapter.*).
"""

import argparse

import gguf
import numpy as np
import torch
import xxhash
from pairs import PROMPT

TYPES = {"q8_0": gguf.GGMLQuantizationType.Q8_0, "f16": gguf.GGMLQuantizationType.F16}
FILE_TYPES = {"q8_0": gguf.LlamaFileType.MOSTLY_Q8_0, "f16": gguf.LlamaFileType.MOSTLY_F16}
LICENCE = "CC-BY-SA-4.0"


def base_hash(reader):
    """XXH64 of the norms over the residual stream: the same in every quantisation of one model."""
    norms = {tensor.name: tensor.data for tensor in reader.tensors}
    layers = reader.get_field("llama.block_count").contents()
    names = ["output_norm.weight"] + [f"blk.{i}.{role}.weight" for i in range(layers) for role in ("attn_norm", "ffn_norm")]
    digest = xxhash.xxh64()
    for name in names:
        digest.update(np.ascontiguousarray(norms[name], dtype="<f4").tobytes())
    return digest.hexdigest()


def stored(values, kind):
    """An array as a file keeps it."""
    return gguf.quantize(values, TYPES[kind]) if kind == "q8_0" else values.astype(np.float16)


def write_adapter(path, base_path, weights, alpha, kind="q8_0", preset="grammar", language="en", merges_into=None):
    """weights: name of a tensor in GGUF -> float32 array [rank, in] or [out, rank]; merges_into: see docs/adapters.md."""
    reader = gguf.GGUFReader(base_path)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_name(f"{preset} ({language})")
    writer.add_license(LICENCE)
    writer.add_string("riposte.adapter.preset", preset)
    writer.add_string("riposte.adapter.language", language)
    writer.add_string("riposte.adapter.prompt", PROMPT)
    writer.add_string("riposte.adapter.base_xxh64", base_hash(reader))
    if merges_into:
        writer.add_string("riposte.adapter.merges_into", merges_into)
    writer.add_file_type(FILE_TYPES[kind])
    for name, values in weights.items():
        writer.add_tensor(name, stored(values, kind), raw_dtype=TYPES[kind])
    _finish(writer)


def write_merged(path, base_path, weights, alpha, kind="q8_0"):
    """The base's own metadata and tensors, the adapted ones with alpha / rank B A added."""
    reader = gguf.GGUFReader(base_path)
    writer = gguf.GGUFWriter(path, reader.get_field("general.architecture").contents())
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key not in ("general.architecture", "general.file_type"):
            of_parts = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=of_parts)
    writer.add_file_type(FILE_TYPES[kind])
    for tensor in reader.tensors:
        a, b = (weights.get(f"{tensor.name}.lora_{side}") for side in "ab")
        if a is None:
            shape = tensor.data.shape
            writer.add_tensor(tensor.name, tensor.data, raw_shape=shape, raw_dtype=tensor.tensor_type)
        else:
            values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32) + alpha / a.shape[0] * (b @ a)
            writer.add_tensor(tensor.name, stored(values, kind), raw_dtype=TYPES[kind])
    _finish(writer)


def _finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_adapter(path):
    """(name -> float32 array, alpha) of an adapter's file."""
    reader = gguf.GGUFReader(path)
    if reader.get_field("adapter.lora.alpha") is None:
        raise ValueError(f"{path} is no LoRA adapter: it has no adapter.lora.alpha")
    weights = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32) for tensor in reader.tensors}
    return weights, reader.get_field("adapter.lora.alpha").contents()


def mean_of(checkpoints):
    """(name -> float32 array, alpha, whether they learned to be merged) of the averaged weights in files of train.py."""
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in checkpoints]
    if len({(state["rank"], state["alpha"], state["merged"]) for state in states}) > 1:
        raise SystemExit("the checkpoints differ in rank, alpha or --merged: they are not of one training")
    names = states[0]["average"]
    mean = {name: sum(state["average"][name] for state in states).numpy() / len(states) for name in names}
    return mean, states[0]["alpha"], states[0]["merged"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--checkpoint", required=True, nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--type", choices=tuple(TYPES), default="q8_0")
    parser.add_argument("--preset", default="grammar", help="what it was trained for")
    parser.add_argument("--beside", action="store_true", help="an adapter that learned to be merged stays beside the base all the same")
    parser.add_argument("--merged", action="store_true")
    arguments = parser.parse_args()
    weights, alpha, learned_merged = mean_of(arguments.checkpoint)
    if arguments.merged:
        write_merged(arguments.out, arguments.model, weights, alpha, arguments.type)
    else:
        merges_into = "Q4_1" if learned_merged and not arguments.beside else None
        write_adapter(arguments.out, arguments.model, weights, alpha, arguments.type, arguments.preset, merges_into=merges_into)
    print(f"{arguments.out}: mean of {len(arguments.checkpoint)} checkpoints")


if __name__ == "__main__":
    main()
