# Two commands do everything: `make run` and `make test`. The others measure and dig.
CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto

.PHONY: run test measure deep sounds tools fmt

run:
	$(CARGO) build --release --package strowger
	./target/release/strowger serve

# Everything a change must pass; prints the minutes each step took.
test: tools
	sh tests/run.sh

# Figures, never a verdict: benches, the load lab.
measure: tools
	sh benches/measure.sh

# Long runs: many seeds, long fuzzing, soak, documentation.
deep: tools
	sh tests/deep.sh

# Makes every bundled sound again.
sounds:
	sh sounds/make/all.sh

tools:
	sh tests/tools.sh

fmt:
	$(CARGO) fmt --all
