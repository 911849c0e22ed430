#!/bin/sh
# All checks, one after another, with the time each took. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.."

passed=0
failed=0
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# A step that runs no tests counts as one check.
step() { # name, command…
    name="$1"
    shift
    echo "== $name"
    begun=$(date +%s)
    if "$@" >"$log" 2>&1; then
        result=ok
    else
        result=FAILED
    fi
    took=$(($(date +%s) - begun))
    # nextest: "Summary [..] 12 tests run: 12 passed, 0 skipped"; libtest: "test result: ok. 3 passed; 0 failed; …"
    counted=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
        /Summary \[/ { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
        /^test result:/ { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
        END { print p + 0, f + 0 }')
    p=${counted% *}
    f=${counted#* }
    if [ "$result" = ok ]; then
        [ "$p" -gt 0 ] || p=1
        f=0
    else
        [ "$f" -gt 0 ] || f=1
        tail -n 120 "$log"
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    echo "   $result: $p passed, $f failed, $((took / 60)) min $((took % 60)) s"
}

step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets -- -D warnings
step "tests" cargo nextest run --workspace --no-fail-fast
# The same selection of features as above, so that nothing is built anew. The built-in phone alone knows no shards.
step "wire tests with three shards" env STROWGER_WIRE_SHARDS=3 \
    cargo nextest run --profile wire --workspace --no-fail-fast \
    -E 'package(strowger) & binary(wire) - test(/^softphone::/)'
step "examples in the documentation" cargo test --workspace --doc
# `acd` has no short form: it is a house of ten thousand agents.
step "benches, one round each" cargo test --workspace \
    --bench sip_parse --bench call_setup --bench journal --bench explain --bench rtp_relay
step "model checks of the board" env RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom \
    cargo test --release --package strowger-acd --lib loom

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
