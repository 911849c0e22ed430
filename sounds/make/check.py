"""Checks the committed sounds against the manifest, with nothing but the standard library.

Every sound is there at both rates, 16-bit mono, at its level, unclipped, silent at its ends, and nothing else lies around.
"""

import array
import math
import sys
import tomllib
import wave
from pathlib import Path

SOUNDS = Path(__file__).resolve().parent.parent
BYTES_MAX = 26_000_000


def dbfs(value):
    return 20 * math.log10(max(value, 1) / 32768)


def faults(path, rate, wanted_dbfs):
    with wave.open(str(path), "rb") as wav:
        shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
        samples = array.array("h", wav.readframes(wav.getnframes()))
    # A tone with a pause of pure silence behind it is as loud as the tone.
    sounding = next((n for n in range(len(samples), 0, -1) if samples[n - 1]), 1)
    rms = dbfs(math.sqrt(sum(s * s for s in samples) / sounding))
    if shape != (rate, 1, 2):
        yield f"is {shape}, not ({rate}, 1, 2)"
    if abs(rms - wanted_dbfs) > 1.5:
        yield f"is {rms:.1f} dBFS, not {wanted_dbfs}"
    if max(abs(s) for s in samples) > 32000:
        yield "is clipped"
    if max(abs(s) for s in (*samples[:4], *samples[-4:])) > 400:
        yield "does not begin and end in silence"


def main():
    wrong, known, size = [], set(), 0
    for sound in tomllib.loads((SOUNDS / "manifest.toml").read_text(encoding="utf-8"))["sound"]:
        wanted = -24.0 if sound["path"].startswith("music/") else -20.0
        wide = SOUNDS / sound["path"]
        for path, rate in ((wide, 16_000), (wide.parent / "8k" / wide.name, 8_000)):
            known.add(path)
            if not path.is_file():
                wrong.append(f"{path.relative_to(SOUNDS)}: missing")
                continue
            size += path.stat().st_size
            wrong += [f"{path.relative_to(SOUNDS)}: {fault}" for fault in faults(path, rate, wanted)]
    wrong += [f"{path.relative_to(SOUNDS)}: not in the manifest" for path in SOUNDS.rglob("*.wav") if path not in known]
    if size > BYTES_MAX:
        wrong.append(f"{size} bytes in all, more than {BYTES_MAX}")
    print(*wrong, sep="\n", file=sys.stderr)
    print(f"{len(known)} files, {size / 1e6:.1f} MB, {len(wrong)} faults")
    sys.exit(1 if wrong else 0)


main()
