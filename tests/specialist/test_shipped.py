"""The adapters of adapters/: small, whole, made for the base and the prompt that they claim."""

import pytest
from conftest import NO_TORCH, ROOT

pytest.importorskip("torch", reason=NO_TORCH)
import export  # noqa: E402
import gguf  # noqa: E402
import numpy as np  # noqa: E402
from pairs import PROMPT  # noqa: E402
from test_recipe import MODEL  # noqa: E402

ADAPTERS = sorted((ROOT / "adapters").glob("*.gguf"))
LAYERS, RANK, HIDDEN, FEED_FORWARD = 30, 32, 576, 1536


def test_there_are_two():
    assert [path.name for path in ADAPTERS] == ["grammar-smollm2-135m.gguf", "simplify-smollm2-135m.gguf"]
    assert sum(path.stat().st_size for path in ADAPTERS) < 21e6


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_it_is_small_and_changes_every_linear_layer_by_finite_values(path):
    assert path.stat().st_size < 20e6
    weights, alpha = export.read_adapter(path)
    assert alpha > 0 and len(weights) == LAYERS * 7 * 2
    assert weights["blk.0.ffn_down.weight.lora_a"].shape == (RANK, FEED_FORWARD)
    assert weights["blk.29.ffn_down.weight.lora_b"].shape == (HIDDEN, RANK)
    assert all(np.isfinite(values).all() and np.abs(values).max() > 0 for values in weights.values())


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_it_says_what_it_is_for(path):
    reader = gguf.GGUFReader(path)
    preset = path.name.split("-")[0]
    fields = {key: reader.get_field(key).contents() for key in ("riposte.adapter.preset", "riposte.adapter.language",
                                                                "riposte.adapter.prompt", "general.license")}
    assert fields == {"riposte.adapter.preset": preset, "riposte.adapter.language": "en", "riposte.adapter.prompt": PROMPT,
                      "general.license": export.LICENCE}


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_it_was_made_for_the_model_that_riposte_fetches(path):
    if not MODEL.exists():
        pytest.skip(f"{MODEL.name} is not there")
    made_for = gguf.GGUFReader(path).get_field("riposte.adapter.base_xxh64").contents()
    assert made_for == export.base_hash(gguf.GGUFReader(MODEL))
