# Thin words over cmake and scripts/. Each installs what it lacks; `make help` lists them.

PRESET ?= dev
PREFIX ?= /usr/local
BASE ?= HEAD
KIND ?= provider
FUZZ_SECONDS ?= 60

# The border's C headers are laid out by hand.
cpp_files = git ls-files -co --exclude-standard '*.cpp' '*.hpp' '*.h' '*.c' ':!plugin-api/parley/*.h' ':!plugin-api/abi'
changed_cpp = { git diff --name-only --diff-filter=d $(BASE) -- '*.cpp'; \
	git ls-files -o --exclude-standard '*.cpp'; }

preset = cmake --preset $(1) && cmake --build --preset $(firstword $(1))
lean = release -DPARLEY_TESTS=OFF -DPARLEY_BENCH=OFF

.PHONY: help run build test test-asan test-tsan bench fuzz format tidy lint case plugin install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build what users run, and run it (ARGS="serve --config parley.toml")
	@scripts/deps.sh build
	@$(call preset,$(lean))
	build/release/bin/parley $(ARGS)

build: ## build one preset (PRESET=dev, release, asan or tsan)
	@scripts/deps.sh
	@$(call preset,$(PRESET) -DPARLEY_TESTS=ON)

test: ## everything that a change must pass
	@scripts/deps.sh
	@scripts/test.sh

test-asan: ## all tests under the address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory build PRESET=asan
	ctest --preset asan

test-tsan: ## unit and end-to-end tests under the thread sanitizer
	@$(MAKE) --no-print-directory build PRESET=tsan
	ctest --preset tsan -L '^(unit|e2e)$$'

bench: ## measure against other proxies
	@scripts/deps.sh build test bench
	@$(call preset,release -DPARLEY_BENCH=ON)
	bench/run.sh

fuzz: ## feed every decoder noise (FUZZ_SECONDS=60 each)
	@scripts/deps.sh build test lint
	@cmake --preset asan -B build/fuzz -DPARLEY_FUZZ=ON \
		-DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14
	@cmake --build build/fuzz --target fuzzers
	@for fuzzer in build/fuzz/bin/fuzz_*; do \
		echo "== $$fuzzer"; $$fuzzer -max_total_time=$(FUZZ_SECONDS) || exit 1; done

format: ## lay out all C and C++
	@scripts/deps.sh lint
	$(cpp_files) | xargs -r clang-format-14 -i

tidy: ## check the laws of STYLE.md
	@scripts/tidy.py --self-test && scripts/tidy.py

# clang-tidy needs commands that clang understands, hence a tree of its own; nothing is built in it.
lint: ## check layout, and what changed since BASE=HEAD with clang-tidy
	@scripts/deps.sh build test lint
	@cmake --preset dev -B build/lint --log-level=WARNING -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
		-DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14
	@$(cpp_files) | xargs -r clang-format-14 --dry-run -Werror
	@$(changed_cpp) | sort -u | xargs -r -n 1 -P $$(nproc) clang-tidy-14 -quiet -p build/lint

need-%:
	@test -n "$($*)" || { echo "say which: $*=<name>"; exit 1; }

case: need-PLUGIN build ## run one plugin's tests (PLUGIN=example; UPDATE_CASES=1 rewrites them)
	$(if $(UPDATE_CASES),UPDATE_CASES=1) ctest --preset $(PRESET) -R '^$(PLUGIN)' --no-tests=error

plugin: need-NAME build ## begin a plugin in a folder of its own (NAME=acme; KIND=provider)
	build/$(PRESET)/bin/parley plugin new $(KIND) $(NAME)

install: ## install what users run (PREFIX=/usr/local; DESTDIR is honoured)
	@scripts/deps.sh build
	@$(call preset,$(lean))
	cmake --install build/release --prefix $(PREFIX)

clean: ## remove everything built
	rm -rf build
