# Everything a user or a developer does has a name here. `make` alone lists the names.
MODEL ?= smollm2
HOST ?= 127.0.0.1
PORT ?= 8080
FUZZ_SECONDS ?= 600
JOBS ?= $(shell nproc)

RIPOSTE = build/release/riposte
PYTHON = build/venv/bin/python
# The recipe of specialist/ has a Python of its own: PyTorch alone is gigabytes.
SPECIALIST = build/specialist
SPECIALIST_PYTHON = $(SPECIALIST)/venv/bin/python
# Layers that read what a file or a socket brings: their tests run under sanitizers in every `make test`.
INPUT_LAYERS = gguf tokenizer chat api
# Layers in which threads meet.
THREADED_LAYERS = hardware engine cache server
# Processors that this machine is not.
EMULATED = --emulated-arm build/arm --emulated-x86 build/release

.PHONY: help build run test test-full test-arm sanitize tsan fuzz specialist specialist-simplify specialist-data format clean
.PHONY: release-tests fuzz-build sanitize-build arm-build test-model

help:
	@echo "make build      the command alone: $(RIPOSTE)"
	@echo "make run        build, fetch the model, rewrite three sentences, serve on $(HOST):$(PORT)"
	@echo "                (MODEL=qwen for a large one that follows any instruction: 1.1 GB instead of 98 MB)"
	@echo "make test       everything that a change must pass"
	@echo "make test-full  the same with all models, all tests under sanitizers, $(FUZZ_SECONDS) s for each fuzz target"
	@echo "make test-arm   the kernels on emulated processors: 64-bit Arm, and x86-64 with AVX2 or less"
	@echo "make sanitize   all tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make tsan       the tests of layers in which threads meet under ThreadSanitizer: $(THREADED_LAYERS)"
	@echo "make fuzz       each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make specialist DATA=folder    teach the small model grammar (specialist/README.md), about an hour"
	@echo "make specialist-simplify DATA=folder   the same for simple sentences"
	@echo "make format     clang-format over all sources"
	@echo "make clean      remove build/"

build: build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target riposte

# Without tests and benchmarks, so that a user needs none of their libraries; `make test` turns them on.
build/release/build.ninja:
	@tools/install_dependencies.sh build
	@cmake --preset release -DRIPOSTE_TESTS=OFF -DRIPOSTE_BENCH=OFF >/dev/null

run: build
	@$(RIPOSTE) pull $(MODEL) >/dev/null
	@echo "Three sentences, corrected by $(MODEL):"
	@$(RIPOSTE) rewrite --model $(MODEL) --time \
	  "She go to school every day." \
	  "I has never saw such a beautiful garden before." \
	  "The informations that you send me was very helpful for our project."
	@$(RIPOSTE) serve --model $(MODEL) --host $(HOST) --port $(PORT)

test: release-tests fuzz-build test-model $(PYTHON)
	@$(PYTHON) tools/check_layers.py
	@$(PYTHON) tools/run_tests.py --programs build/release --pytest tests/cli tests/e2e tests/tools tests/specialist \
	  --sanitized build/fuzz $(INPUT_LAYERS) --fuzz build/fuzz --fuzz-seconds 10

test-full: release-tests fuzz-build sanitize-build arm-build $(PYTHON) $(SPECIALIST_PYTHON)
	@for model in smollm2 gemma3 qwen; do $(RIPOSTE) pull $$model >/dev/null || exit 1; done
	@$(PYTHON) tools/check_layers.py
	@RIPOSTE_FULL=1 $(PYTHON) tools/run_tests.py --programs build/release --pytest tests/cli tests/e2e tests/tools \
	  --pytest-with $(SPECIALIST_PYTHON) tests/specialist --sanitized build/sanitize all $(EMULATED) --fuzz build/fuzz --fuzz-seconds $(FUZZ_SECONDS)

test-arm: release-tests arm-build $(PYTHON)
	@$(PYTHON) tools/run_tests.py $(EMULATED)

sanitize: sanitize-build $(PYTHON)
	@$(PYTHON) tools/run_tests.py --sanitized build/sanitize all

# Without address space randomisation, of which newer kernels do more than ThreadSanitizer of GCC 12 can bear.
tsan: $(PYTHON)
	@tools/install_dependencies.sh build test
	@cmake --preset tsan >/dev/null
	@cmake --build build/tsan -j $(JOBS) --target $(addprefix test_,$(THREADED_LAYERS))
	@setarch -R $(PYTHON) tools/run_tests.py --sanitized build/tsan $(THREADED_LAYERS)

fuzz: fuzz-build $(PYTHON)
	@$(PYTHON) tools/run_tests.py --fuzz build/fuzz --fuzz-seconds $(FUZZ_SECONDS)

release-tests:
	@tools/install_dependencies.sh build test
	@cmake --preset release -DRIPOSTE_TESTS=ON -DRIPOSTE_BENCH=ON >/dev/null
	@cmake --build build/release -j $(JOBS)

fuzz-build:
	@tools/install_dependencies.sh build test
	@cmake --preset fuzz >/dev/null
	@cmake --build build/fuzz -j $(JOBS) --target fuzz_targets $(addprefix test_,$(INPUT_LAYERS))

sanitize-build:
	@tools/install_dependencies.sh build test
	@cmake --preset sanitize >/dev/null
	@cmake --build build/sanitize -j $(JOBS)

arm-build:
	@tools/install_dependencies.sh build test emulators
	@cmake --preset arm >/dev/null
	@cmake --build build/arm -j $(JOBS)

# The small model is enough for `make test`; without a network the tests that need it are skipped.
test-model: release-tests
	@$(RIPOSTE) pull --quiet smollm2 >/dev/null || echo "no model smollm2: tests that need it will be skipped"

$(PYTHON): tests/requirements.txt
	@tools/install_dependencies.sh test
	@python3 -m venv build/venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $(PYTHON)

# Stops and goes on at any time. DATA: the texts of specialist/README.md; TEACHER=qwen lets that model correct real
# sentences first; JFLEG=folder measures in the end.
specialist: specialist-data
	@$(SPECIALIST_PYTHON) specialist/train.py --model "$$($(RIPOSTE) pull smollm2)" --data $(SPECIALIST)/data \
	  --run $(SPECIALIST)/run --weights ewt=2,wikisplit=0.6,wikitext2=0.6,teacher=5 --steps 715 --decay 110
	@for kind in "--out $(SPECIALIST)/grammar-smollm2-135m.gguf" "--merged --out $(SPECIALIST)/merged.gguf"; do \
	  $(SPECIALIST_PYTHON) specialist/export.py --model "$$($(RIPOSTE) pull smollm2)" \
	    --checkpoint $$(ls $(SPECIALIST)/run/step-*.pt | tail -n 4) $$kind || exit 1; done
	@test -z "$(JFLEG)" || $(SPECIALIST_PYTHON) specialist/evaluate.py --riposte $(RIPOSTE) --model smollm2 --served-name smollm2:g \
	  --options "--adapter g=$(SPECIALIST)/grammar-smollm2-135m.gguf" --jfleg $(JFLEG)

# An adapter that simplifies, likewise. DATA: a folder with wikisplit.tsv; ASSET=folder measures in the end.
specialist-simplify: build $(SPECIALIST_PYTHON)
	@test -n "$(DATA)" || { echo "make specialist-simplify DATA=folder: see specialist/README.md for what the folder holds"; exit 2; }
	@test -e $(SPECIALIST)/simplify/targets.jsonl || $(SPECIALIST_PYTHON) specialist/simplify.py --riposte $(RIPOSTE) \
	  --model $(or $(TEACHER),qwen) --out $(SPECIALIST)/simplify $(DATA)
	@$(SPECIALIST_PYTHON) specialist/train.py --model "$$($(RIPOSTE) pull smollm2)" --data $(SPECIALIST)/simplify \
	  --run $(SPECIALIST)/simplify/run --weights teacher=3 --edit-weight 1.5 --steps 200 --decay 60 --warmup 20 --snapshot-every 40
	@$(SPECIALIST_PYTHON) specialist/export.py --model "$$($(RIPOSTE) pull smollm2)" --preset simplify --beside \
	  --checkpoint $$(ls $(SPECIALIST)/simplify/run/step-*.pt | tail -n 4) --out $(SPECIALIST)/simplify-smollm2-135m.gguf
	@test -z "$(ASSET)" || $(SPECIALIST_PYTHON) specialist/evaluate.py --riposte $(RIPOSTE) --model smollm2 --served-name smollm2:s \
	  --options "--adapter s=$(SPECIALIST)/simplify-smollm2-135m.gguf" --asset $(ASSET)

specialist-data: build $(SPECIALIST_PYTHON)
	@test -n "$(DATA)" || { echo "make specialist DATA=folder: see specialist/README.md for what the folder holds"; exit 2; }
	@test -e $(SPECIALIST)/data/targets.jsonl || $(SPECIALIST_PYTHON) specialist/data.py $(DATA) $(SPECIALIST)/data
	@test -z "$(TEACHER)" || $(SPECIALIST_PYTHON) specialist/teacher.py --riposte $(RIPOSTE) --model $(TEACHER) \
	  --data $(SPECIALIST)/data

$(SPECIALIST_PYTHON): specialist/requirements.txt
	@tools/install_dependencies.sh test
	@python3 -m venv $(SPECIALIST)/venv
	@$(SPECIALIST_PYTHON) -m pip install --quiet --disable-pip-version-check -r specialist/requirements.txt
	@touch $(SPECIALIST_PYTHON)

format:
	@git ls-files '*.cpp' '*.h' '*.cpp.in' | xargs clang-format -i

clean:
	@rm -rf build
