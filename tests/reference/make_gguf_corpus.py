#!/usr/bin/env python3
"""The seeds of the fuzz target fuzz_gguf_file, written with the `gguf` package: small files with every kind of value.

Usage: make_gguf_corpus.py    (needs: pip install gguf numpy)
"""

import pathlib
import struct

import gguf
import numpy as np
from gguf import GGUFValueType as V

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus" / "gguf_file"


def writer(name):
    return gguf.GGUFWriter(FOLDER / name, "llama", use_temp_file=False)


def close(out):
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def every_value():
    out = writer("every_value.gguf")
    for kind in (V.UINT8, V.INT8, V.UINT16, V.INT16, V.UINT32, V.INT32, V.UINT64, V.INT64):
        out.add_key_value(f"int.{kind.name}", 100, kind)
        out.add_key_value(f"ints.{kind.name}", [1, 2, 3], V.ARRAY, kind)
    for kind in (V.FLOAT32, V.FLOAT64):
        out.add_key_value(f"float.{kind.name}", 0.5, kind)
        out.add_key_value(f"floats.{kind.name}", [0.5, -1.5], V.ARRAY, kind)
    out.add_key_value("bool", True, V.BOOL)
    out.add_key_value("bools", [True, False], V.ARRAY, V.BOOL)
    out.add_key_value("string", "Grüße", V.STRING)
    out.add_key_value("strings", ["a", "", "bc"], V.ARRAY, V.STRING)
    close(out)


def every_type():
    out = writer("every_type.gguf")
    for kind in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"):
        number = gguf.GGMLQuantizationType[kind]
        elements, size = gguf.GGML_QUANT_SIZES[number]
        plain = {"F32": np.float32, "F16": np.float16}.get(kind)
        if plain:
            out.add_tensor(kind, np.zeros((2, 4), plain))
        else:
            out.add_tensor(kind, np.zeros((2, size), np.uint8), raw_dtype=number)
    close(out)


def alignment():
    out = writer("alignment.gguf")
    out.add_custom_alignment(64)
    out.add_tensor("blk.0.attn_norm.weight", np.ones(3, np.float32))
    out.add_tensor("blk.0.attn_q.weight", np.ones((2, 2, 2), np.float32))
    close(out)


def version_2():
    key = b"general.architecture"
    (FOLDER / "version_2.gguf").write_bytes(
        b"GGUF" + struct.pack("<IQQ", 2, 0, 1) + struct.pack("<Q", len(key)) + key
        + struct.pack("<IQ", V.STRING, 5) + b"qwen2"
    )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (every_value, every_type, alignment, version_2):
        make()
