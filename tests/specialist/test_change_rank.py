"""An adapter of a higher rank that corrects as the first one does: B A, over rank and alpha, keeps its values."""

import subprocess
import sys

import pytest
from conftest import NO_TORCH, ROOT

gguf = pytest.importorskip("gguf", reason=NO_TORCH)
numpy = pytest.importorskip("numpy", reason=NO_TORCH)

SCRIPT = ROOT / "specialist/change_rank.py"
ADAPTER = ROOT / "adapters/grammar-smollm2-135m.gguf"


def run(*options):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, options)], capture_output=True, text=True)


def matrices(reader):
    return {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in reader.tensors}


def test_a_higher_rank_adds_the_same_to_every_product(tmp_path):
    out = tmp_path / "rank64.gguf"
    done = run(ADAPTER, out, 64)
    assert done.returncode == 0, done.stderr
    before, after = gguf.GGUFReader(ADAPTER), gguf.GGUFReader(out)
    alpha = [reader.get_field("adapter.lora.alpha").contents() for reader in (before, after)]
    first, second = matrices(before), matrices(after)
    assert first.keys() == second.keys()
    for name in first:
        if not name.endswith(".lora_a"):
            continue
        b = name[:-1] + "b"
        assert second[name].shape == (64, first[name].shape[1]) and second[b].shape == (first[b].shape[0], 64)
        assert numpy.array_equal(second[name][:32], first[name]) and numpy.array_equal(second[b][:, :32], first[b])
        assert not second[name][32:].any() and not second[b][:, 32:].any()
    assert alpha[1] / 64 == alpha[0] / 32


def test_all_else_that_the_file_says_is_kept(tmp_path):
    out = tmp_path / "rank96.gguf"
    assert run(ADAPTER, out, 96).returncode == 0
    said = [{name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()
             if not name.startswith("GGUF.") and name != "adapter.lora.alpha"} for path in (ADAPTER, out)]
    assert said[0] == said[1]


@pytest.mark.parametrize("rank", [0, 16, 32, 40])
def test_a_rank_that_is_not_higher_or_no_whole_block_is_refused(tmp_path, rank):
    out = tmp_path / "refused.gguf"
    done = run(ADAPTER, out, rank)
    assert done.returncode == 1 and f"found {rank}" in done.stderr
    assert not out.exists()
