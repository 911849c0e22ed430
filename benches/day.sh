#!/bin/sh
# Question: how long does one simulated day of 100,000 contacts and 1,000 agents take on one core? Goal: five seconds a
# run. Twenty queues of fifty agents each, half of whom serve the next queue too; 10,000 calls an hour from 08:00 to
# 18:00, talks of 4 min 30 s and wrap-up of 30 s, so that five of six agents talk at a time.
# Prints the shipped program's own line and the processor time of a run. With a number as argument so many runs.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-3}
program=${STROWGER:-target/ci/strowger}
day=$(mktemp -d)
trap 'rm -r "$day"' EXIT

for queue in $(seq 0 19); do
    next=$(((queue + 1) % 20))
    first=$((1000 + queue * 50))
    cat <<QUEUE
[[number]]
match = "40$((queue + 10))"
to = "queue:q$queue"

[[queue]]
name = "q$queue"
wrap_up = "30s"
ring_timeout = "15s"

[[agent]]
range = "$first-$((first + 24))"
phone = "{n}"
queues = ["q$queue"]

[[agent]]
range = "$((first + 25))-$((first + 49))"
phone = "{n}"
queues = ["q$queue", "q$next"]

QUEUE
done >"$day/strowger.toml"
cat >>"$day/strowger.toml" <<'HOUSE'
[limits]
max_calls = 5000
shards = 1

[[trunk]]
name = "carrier"
allow_from = ["198.51.100.0/26"]
max_calls = 5000
max_cps = 1000

[[phone]]
range = "1000-1999"
HOUSE

for queue in $(seq 0 19); do
    cat <<STREAM
[[stream]]
name = "s$queue"
number = "40$((queue + 10))"
from = "08:00"
calls = [250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250]
talk = { lognormal = "4m30s", deviation = "3m" }
patience = { exponential = "4m" }

STREAM
done >"$day/day.toml"
printf '[day]\ndate = "2026-05-04"\n' >>"$day/day.toml"
printf '[[shift]]\nagents = ["1000-1999"]\nfrom = "07:55"\nto = "18:30"\n' >"$day/staff.toml"

"$program" check --config "$day/strowger.toml" >/dev/null
begun=$(date +%s%N)
/usr/bin/env time -f "processor %U s, resident %M kB" \
    "$program" simulate --config "$day/strowger.toml" --traffic "$day/day.toml" --schedule "$day/staff.toml" \
    --runs "$runs" >"$day/said"
ended=$(date +%s%N)
sed -n 1,6p "$day/said"
echo "$runs runs of a day of 100,000 contacts and 1,000 agents: $(((ended - begun) / 1000000 / runs)) ms a run"
