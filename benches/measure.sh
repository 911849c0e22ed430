#!/bin/sh
# Figures for the README and for comparing two versions; prints tables, judges nothing.
# With LAB=<folder of the load lab> it also runs W1, W2 and W4 against the shipped binary with lab/strowger.toml.
set -eu
cd "$(dirname "$0")/.."
cargo bench --benches
cargo bench --package strowger-acd --bench acd
cargo build --profile ci --package strowger
sh benches/day.sh
if [ -z "${LAB:-}" ]; then
    echo "The load lab was not run; name its folder in LAB to have W1, W2 and W4 measured."
    exit 0
fi

cargo build --release --manifest-path "$LAB/acdload/Cargo.toml" --target-dir target/acdload
export ACDLOAD="$PWD/target/acdload/release/acdload" LAB_OUT="$PWD/target/lab-results.jsonl"
ulimit -n 20000 2>/dev/null || true
rm -rf /tmp/strowger-lab
mkdir -p /tmp/strowger-lab
pid=/tmp/strowger-lab/strowger.pid
"$LAB/lab.py" start --pidfile "$pid" --sut 127.0.0.1:5060 --cpu 0 -- \
    "$PWD/target/ci/strowger" serve --config "$PWD/benches/lab/strowger.toml" --log error
trap 'kill "$(cat $pid)" 2>/dev/null || true' EXIT
sut="--pid $pid --sut 127.0.0.1:5060 --label strowger --out $LAB_OUT"
# shellcheck disable=SC2086
{
    "$LAB/lab.py" w1 $sut --rate 20 --calls 400 --reps 1
    "$LAB/lab.py" w1 $sut --rate 1000 --calls 10000 --hold-ms 100 --reps 1
    "$LAB/lab.py" w1max $sut --rates 2500,5000 --hold-ms 100
    "$LAB/lab.py" w2 $sut --c 100 --window 20 --reps 1
    "$LAB/lab.py" w4 $sut --c 100 --window 20 --reps 1
}
