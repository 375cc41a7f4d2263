# Guildhall. `make demo` serves a generated company; `make test` proves everything. Both prepare what is missing.
#
#   make demo                                   serve on http://127.0.0.1:4000
#   make demo DEMO="--database postgres://..."  the same on PostgreSQL
#   make test                                   formatting, lints and every test
#   make plugins                                compile the plugins in plugins/ to target/plugins/*.wasm
#   make bench                                  measure against a handwritten server and PostGraphile, on PostgreSQL, and the import
#   make bench BENCH="--seconds 1"              shorter; --customers N --orders N make it smaller, --json prints JSON,
#                                               --without-postgraphile needs no npm
#   make differential SEED=7 COUNT=10000        compare with graphql-js; COUNT=0 goes on until Ctrl-C
#   make bench BENCH=--floods                   send every hostile request the tests know, and time them
#   make bench BENCH=--plugins                  measure only what the sandbox costs, against the native function and other engines
#   make fuzz TARGET=manifest SECONDS=600       fuzz what plugins' authors write: package, manifest, sdl, input_query or output
#   make bench BENCH=--import                   measure only the import, against a plain bulk load of the same rows

GUILDHALL := target/debug/guildhall
PLUGINS   := $(notdir $(wildcard plugins/*))

.PHONY: demo test plugins bench differential fuzz guildhall

demo: plugins
	$(GUILDHALL) demo $(PLUGINS:%=--plugin target/plugins/%.wasm) $(DEMO)

plugins: guildhall
	@tools/prepare-wasm
	@mkdir -p target/plugins
	@for plugin in $(PLUGINS); do $(GUILDHALL) plugin build plugins/$$plugin --output target/plugins/$$plugin.wasm || exit $$?; done

guildhall:
	cargo build --bin guildhall

test: plugins
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo test --workspace --no-fail-fast

bench: plugins
	cargo build --release --bin guildhall --bin guildhall-bench --bin handwritten
	cargo build --release --manifest-path tests/bench/engines/Cargo.toml --target-dir target/engines
	target/release/guildhall-bench $(BENCH)

SEED  ?= 1
COUNT ?= 10000

differential: guildhall
	GUILDHALL_DIFFERENTIAL_SEED=$(SEED) GUILDHALL_DIFFERENTIAL_COUNT=$(COUNT) \
		cargo test --workspace --test end_to_end differential -- --nocapture

TARGET  ?= package
SECONDS ?= 600

fuzz:
	tools/fuzz $(TARGET) $(SECONDS)
