#!/bin/sh
# The long runs: every property with many more cases, the whole of the wire tests' soak, documentation without warnings.
# Hours, not minutes; DEEP_CASES and STROWGER_SOAK_CALLS make it longer or shorter.
set -eu
cd "$(dirname "$0")/.."
cases="${DEEP_CASES:-200000}"
echo "== properties, $cases cases each"
PROPTEST_RNG_SEED="$(date +%s)" PROPTEST_CASES="$cases" cargo nextest run --workspace --cargo-profile ci --no-fail-fast
for shards in 1 3; do
    echo "== soak, shards: $shards"
    STROWGER_WIRE_SHARDS=$shards STROWGER_SOAK_CALLS="${STROWGER_SOAK_CALLS:-10000}" \
        cargo nextest run --cargo-profile ci --package strowger --test wire
done
echo "== the oldest Rust that is promised"
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rustup toolchain install --profile minimal "$oldest"
cargo "+$oldest" check --workspace --all-targets --target-dir target/oldest
echo "== simulator, many seeds"
STROWGER_SEEDS=${STROWGER_SEEDS:-20000} cargo test --package strowger-sim --test simulator

# Every order, as in `make test`: LOOM_MAX_PREEMPTIONS would leave some out.
echo "== model checks"
RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom \
    cargo test --release --package strowger-acd --lib loom
echo "== documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items
