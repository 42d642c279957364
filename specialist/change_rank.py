#!/usr/bin/env python3
"""An adapter with rows of zeros added to its matrices: a higher rank, the same answers. To try how adapters of unlike ranks get
on in one batch.

usage: change_rank.py ADAPTER.gguf OUT.gguf RANK
  The matrices are Q8_0, as export.py writes them; RANK is a multiple of 32.
"""

import argparse

import gguf
import numpy

BLOCK = 32  # values of a block of Q8_0: a half-precision scale and a byte each
BLOCK_BYTES = 34


def widened(tensor, rank):
    """Rows of bytes: further ones of a lora_a, longer ones of a lora_b. A block of zero bytes is one of zeros."""
    rows = tensor.data.reshape(-1, tensor.data.shape[-1])
    if tensor.name.endswith(".lora_a"):
        return numpy.vstack([rows, numpy.zeros((rank - rows.shape[0], rows.shape[1]), rows.dtype)])
    return numpy.hstack([rows, numpy.zeros((rows.shape[0], rank // BLOCK * BLOCK_BYTES - rows.shape[1]), rows.dtype)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter")
    parser.add_argument("out")
    parser.add_argument("rank", type=int)
    arguments = parser.parse_args()

    reader = gguf.GGUFReader(arguments.adapter)
    ranks = {tensor.data.shape[0] for tensor in reader.tensors if tensor.name.endswith(".lora_a")}
    if len(ranks) != 1 or any(tensor.tensor_type != gguf.GGMLQuantizationType.Q8_0 for tensor in reader.tensors):
        raise SystemExit(f"{arguments.adapter}: expected matrices of one rank, all of them Q8_0")
    (rank,) = ranks
    if arguments.rank % BLOCK or arguments.rank <= rank:
        raise SystemExit(f"a rank above {rank} that is a multiple of {BLOCK} is needed, found {arguments.rank}")
    writer = gguf.GGUFWriter(arguments.out, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        value = field.contents()
        if field.name == "adapter.lora.alpha":
            writer.add_float32(field.name, value * arguments.rank / rank)  # what counts is alpha / rank
        elif not field.name.startswith("GGUF.") and field.name != "general.architecture":
            writer.add_key_value(field.name, value, field.types[0], field.types[-1] if len(field.types) > 1 else None)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, widened(tensor, arguments.rank), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
