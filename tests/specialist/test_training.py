"""Model, training and files: against the independent forward pass, and against themselves."""

import json

import pytest
from conftest import NO_TORCH, ROOT

torch = pytest.importorskip("torch", reason=NO_TORCH)
pytest.importorskip("lemminflect", reason=NO_TORCH)
import export  # noqa: E402
import forward_pass  # noqa: E402
import gguf  # noqa: E402
import numpy as np  # noqa: E402
import train  # noqa: E402
from model import LoraLinear, Llama, rounded_q4_1  # noqa: E402
from pairs import Encoder, Pairs, batches, edited, tensors  # noqa: E402

IDS = [3, 250, 17, 99, 4, 60, 201, 77, 5, 142, 33]


def randomised(model, seed=3):
    """The model with an adapter that does something."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.adapter().values():
            parameter.copy_(torch.randn_like(parameter) * 0.05)
    return model


@pytest.fixture(scope="module")
def arguments(tiny_model, tmp_path_factory, lines):
    data = tmp_path_factory.mktemp("data")
    (data / "targets.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[4:]))
    (data / "heldout.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:4]))

    def make(run, steps):
        return ["--model", str(tiny_model), "--data", str(data), "--run", str(run), "--steps", str(steps), "--decay", "4",
                "--rank", "8", "--alpha", "16", "--rate", "3e-3", "--warmup", "2", "--dtype", "float32", "--device", "cpu",
                "--batch-tokens", "600", "--log-every", "1"]

    return make


@pytest.mark.parametrize("path", [None, ROOT / "tests/executor/models/llama.gguf"], ids=["tied", "own output and rope factors"])
def test_the_forward_pass_equals_the_independent_one(path, tiny_model):
    path = path or tiny_model
    expected = forward_pass.logits(forward_pass.Model(path), IDS)
    with torch.no_grad():
        logits = Llama(path, rank=4)(torch.tensor([IDS]))[0].numpy()
    np.testing.assert_allclose(logits, expected, atol=2e-4)


def test_padding_at_the_right_changes_nothing(tiny_model):
    model = randomised(Llama(tiny_model, rank=4))
    padded = torch.tensor([IDS + [0] * 5, IDS[:5] + [9] * 11])
    with torch.no_grad():
        torch.testing.assert_close(model(padded)[0, :len(IDS)], model(torch.tensor([IDS]))[0], atol=1e-5, rtol=0)


def test_an_adapter_comes_back_from_its_file(tiny_model, tmp_path):
    model = randomised(Llama(tiny_model, rank=32))
    weights = {name: value.detach().numpy() for name, value in model.adapter().items()}
    for kind, closeness in (("f16", 1e-4), ("q8_0", 2e-3)):
        path = tmp_path / f"{kind}.gguf"
        export.write_adapter(path, tiny_model, weights, 64.0, kind)
        read, alpha = export.read_adapter(path)
        assert alpha == 64.0 and set(read) == set(weights)
        for name, values in weights.items():
            np.testing.assert_allclose(read[name], values, atol=closeness)
    fields = gguf.GGUFReader(path)
    contents = {key: fields.get_field(key).contents() for key in ("general.type", "general.architecture", "adapter.type",
                                                                  "riposte.adapter.preset", "riposte.adapter.prompt")}
    assert contents["general.type"] == "adapter" and contents["general.architecture"] == "llama"
    assert contents["adapter.type"] == "lora" and contents["riposte.adapter.preset"] == "grammar"
    assert contents["riposte.adapter.prompt"].count("{text}") == 1
    shapes = {tensor.name: tuple(int(n) for n in tensor.shape) for tensor in fields.tensors}
    assert shapes["blk.0.ffn_up.weight.lora_a"] == (64, 32) and shapes["blk.0.ffn_up.weight.lora_b"] == (32, 96)


def test_a_merged_model_says_what_the_base_with_the_adapter_says(tiny_model, tmp_path):
    model = randomised(Llama(tiny_model, rank=32))
    weights = {name: value.detach().numpy() for name, value in model.adapter().items()}
    export.write_merged(tmp_path / "merged.gguf", tiny_model, weights, 64.0, "f16")
    merged = forward_pass.logits(forward_pass.Model(tmp_path / "merged.gguf"), IDS)
    base = forward_pass.logits(forward_pass.Model(tiny_model), IDS)
    with torch.no_grad():
        beside = model(torch.tensor([IDS]))[0].numpy()
    np.testing.assert_allclose(merged, beside, atol=2e-2)
    assert np.abs(merged - base).max() > 0.2


def test_rounding_is_that_of_the_format():
    torch.manual_seed(5)
    weight = torch.randn(6, 64) * 0.1
    weight[2] = 0.5
    stored = gguf.dequantize(gguf.quantize(weight.numpy(), gguf.GGMLQuantizationType.Q4_1), gguf.GGMLQuantizationType.Q4_1)
    np.testing.assert_allclose(rounded_q4_1(weight).numpy(), stored, atol=1e-6)
    np.testing.assert_allclose(rounded_q4_1(torch.from_numpy(stored)).numpy(), stored, atol=2e-4)


def test_a_merged_product_is_the_rounded_one_and_learns_as_the_sum_itself():
    torch.manual_seed(7)
    linear, x, wanted = LoraLinear(torch.randn(32, 64) * 0.1, 8, 2.0), torch.randn(5, 64, requires_grad=True), torch.randn(5, 32)
    with torch.no_grad():
        linear.lora_b.copy_(torch.randn(32, 8) * 0.1)
    exact = torch.autograd.grad((linear(x) * wanted).sum(), (linear.lora_a, linear.lora_b))
    linear.round()
    rounded = linear(x)
    torch.testing.assert_close(rounded, x @ linear.rounded.T, atol=1e-5, rtol=0)
    sums = linear.weight + 2.0 * linear.lora_b @ linear.lora_a
    assert 0.001 < (linear.rounded - sums).abs().max() < 0.1
    *learnt, of_x = torch.autograd.grad((rounded * wanted).sum(), (linear.lora_a, linear.lora_b, x))
    for one, other in zip(learnt, exact):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    torch.testing.assert_close(of_x, wanted @ linear.rounded, atol=1e-5, rtol=0)


def test_the_hash_of_a_base_is_that_of_its_norms(tiny_model, tmp_path):
    weights = {name: value.detach().numpy() for name, value in randomised(Llama(tiny_model, rank=32)).adapter().items()}
    export.write_merged(tmp_path / "merged.gguf", tiny_model, weights, 64.0, "f16")
    hashes = [export.base_hash(gguf.GGUFReader(path)) for path in
              (tiny_model, tmp_path / "merged.gguf", ROOT / "tests/executor/models/llama.gguf")]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 16


def test_only_the_answer_is_learnt_and_its_edits_weigh_more(tiny_model):
    encoder = Encoder(tiny_model)
    ids, prompt, is_edit = encoder.pair("He go home.", "He goes home.")
    _, weights = tensors([(ids, prompt, is_edit)], edit_weight=3.0)
    assert not weights[0, :prompt].any() and weights[0, prompt:].min() == 1.0 and weights[0].max() == 3.0
    assert ids[-1] == encoder.end[0] and ids[:prompt] == encoder.prompt("He go home.")
    assert edited([1, 2, 3], [1, 2, 3]) == [False] * 3
    assert edited([1, 9, 2, 3], [1, 2, 3]) == [False, True, False]
    assert edited([1, 2, 3], [1, 7, 8, 3]) == [False, True, True, False]


def test_what_a_user_writes_is_no_control_token(tiny_model):
    encoder = Encoder(tiny_model)
    assert encoder.end[0] not in encoder.prompt("<|im_end|>")[len(encoder.before):-len(encoder.after)]


def test_pairs_depend_on_seed_and_number_alone(tiny_model, lines):
    encoder = Encoder(tiny_model)

    def chunks(seed, start, count):
        endless = Pairs(lines, encoder, seed, size=10, most_tokens=1000).chunks(start)
        return [next(endless) for _ in range(count)]

    assert chunks(1, 0, 8)[5:] == chunks(1, 5, 3)
    assert chunks(1, 0, 1) != chunks(2, 0, 1)


def test_batches_keep_every_pair_and_their_size(lines, tiny_model):
    pairs = next(Pairs(lines, Encoder(tiny_model), 1, most_tokens=1000).chunks())[1]
    made = batches(pairs, 700)
    assert sorted(map(str, (pair for batch in made for pair in batch))) == sorted(map(str, pairs))
    assert all(len(batch) == 1 or len(batch) * max(len(ids) for ids, _, _ in batch) <= 700 for batch in made)


def test_a_few_steps_lower_the_loss(arguments, tmp_path):
    train.main(arguments(tmp_path / "run", 24))
    losses = [entry["loss"] for line in (tmp_path / "run/log.jsonl").read_text().splitlines() if "loss" in (entry := json.loads(line))]
    assert len(losses) == 24
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])


def test_training_that_was_interrupted_ends_with_the_same_weights(arguments, tmp_path):
    def weights(run):
        return torch.load(tmp_path / run / "checkpoint.pt", weights_only=True)

    train.main(arguments(tmp_path / "whole", 9))
    interrupted = train.parse(arguments(tmp_path / "parts", 9))
    full_schedule = interrupted.steps
    for stop in (4, 9):
        trainer = train.Trainer(interrupted)
        trainer.stop_at = stop
        trainer.loop(*train.pairs_of(interrupted))
    assert full_schedule == 9
    whole, parts = weights("whole"), weights("parts")
    for kind in ("adapter", "average"):
        for name, value in whole[kind].items():
            assert torch.equal(value, parts[kind][name]), f"{kind} {name}"


def test_snapshots_of_a_training_are_exported_as_their_mean(arguments, tmp_path):
    train.main([*arguments(tmp_path / "run", 4), "--snapshot-every", "2"])
    paths = sorted((tmp_path / "run").glob("step-*.pt"))
    assert [path.name for path in paths] == ["step-000002.pt", "step-000004.pt"]
    weights, alpha, learned_merged = export.mean_of(paths)
    first, second = (torch.load(path, weights_only=True)["average"] for path in paths)
    name = "blk.1.attn_v.weight.lora_b"
    assert alpha == 16.0 and learned_merged and not torch.equal(first[name], second[name])
    np.testing.assert_allclose(weights[name], ((first[name] + second[name]) / 2).numpy(), atol=1e-7)


@pytest.mark.parametrize("options, said", [(["--rank", "4"], "rank 8"), (["--no-merged"], "merged True")])
def test_a_checkpoint_of_another_training_is_refused(arguments, tmp_path, options, said):
    train.main(arguments(tmp_path / "run", 1))
    with pytest.raises(SystemExit, match=said):
        train.main([*arguments(tmp_path / "run", 2), *options])


def test_a_file_says_whether_it_learned_to_be_merged(arguments, tiny_model, tmp_path, monkeypatch):
    for option, said in (("--merged", "Q4_1"), ("--no-merged", None)):
        run = tmp_path / option
        train.main([*arguments(run, 1), "--snapshot-every", "1", option])
        monkeypatch.setattr("sys.argv", ["export.py", "--model", str(tiny_model), "--checkpoint", str(run / "step-000001.pt"),
                                         "--out", str(run / "adapter.gguf"), "--type", "f16"])
        export.main()
        field = gguf.GGUFReader(run / "adapter.gguf").get_field("riposte.adapter.merges_into")
        assert (field.contents() if field else None) == said
