#!/usr/bin/env python3
"""Golden values for the decoding and encoding of GGUF tensor types, made with the `gguf` package (0.19).

Writes tests/quant/cases/<type>.bin for each type: so many blocks, then their values as float32, little endian. The
blocks are random bytes; in the first ones the half-precision scales are replaced by the awkward ones (zeros, subnormals,
the largest, infinity, NaN). Writes q4_1_encoded.bin: blocks, then the float32 values that they were made of.

Usage: make_quant_cases.py    (needs: pip install gguf numpy)
"""

import pathlib

import gguf
import numpy as np

# Type -> byte offsets of the half-precision scales in a block.
HALVES = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
}
AWKWARD = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFE00]


def random_blocks(rng, type_name, block_bytes):
    # Big blocks are few and small ones many, so that the files stay small.
    count = 12 if block_bytes > 50 else 40
    blocks = rng.integers(0, 256, size=(count, block_bytes), dtype=np.uint8)
    for field, offset in enumerate(HALVES.get(type_name, [])):
        for block in range(count):
            if block < len(AWKWARD):
                # The fields take the awkward values in different order, so that they also meet each other.
                half = AWKWARD[(block * (field + 1) + field) % len(AWKWARD)]
            else:
                half = int(np.float16(rng.normal() * 10.0 ** rng.integers(-6, 3)).view(np.uint16))
            blocks[block, offset : offset + 2] = np.array([half], dtype="<u2").view(np.uint8)
    return blocks


def values_to_encode(rng):
    """Blocks of all sizes, some with values on a grid already, some all equal, some with one value far out."""
    values = rng.normal(size=(60, 32)) * 10.0 ** rng.integers(-4, 3, size=(60, 1))
    values[:8] = rng.integers(0, 16, size=(8, 32)) * 0.25 - 1.5
    values[8:12] = values[8:12, :1]
    values[12] = 0
    values[13:20, 5] *= 100
    return values.astype(np.float32)


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "quant" / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1571)
    np.seterr(all="ignore")
    for type_name in [*HALVES, "F16", "BF16", "F32"]:
        type_number = gguf.GGMLQuantizationType[type_name]
        elements, block_bytes = gguf.GGML_QUANT_SIZES[type_number]
        if elements == 1:
            # Plain values: every exponent occurs, with both signs.
            blocks = rng.integers(0, 256, size=(1, 1024 * block_bytes), dtype=np.uint8)
            blocks = blocks.view({4: np.float32, 2: np.float16}[block_bytes]) if type_name != "BF16" else blocks
        else:
            blocks = random_blocks(rng, type_name, block_bytes).reshape(1, -1)
        values = gguf.quants.dequantize(blocks, type_number)
        (folder / f"{type_name.lower()}.bin").write_bytes(
            blocks.tobytes() + values.astype("<f4", copy=False).tobytes()
        )
    values = values_to_encode(rng)
    blocks = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q4_1)
    (folder / "q4_1_encoded.bin").write_bytes(blocks.tobytes() + values.astype("<f4", copy=False).tobytes())


if __name__ == "__main__":
    main()
