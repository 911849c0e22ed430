#!/bin/sh
# Makes every sound that ../manifest.toml names. Run it from anywhere; it writes into sounds/ only.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v espeak-ng >/dev/null || { echo "espeak-ng is missing: apt-get install -y --no-install-recommends espeak-ng" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
for step in "tones.py" "music.py" "speech.py en" "speech.py zh"; do
    # shellcheck disable=SC2086  # the step is a program and its argument
    (cd "$here" && "$work/venv/bin/python" -B $step)
done
(cd "$here" && python3 -B check.py)
