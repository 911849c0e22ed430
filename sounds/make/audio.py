"""What the sound makers share: resampling, level, trimming, fades, and writing both rates."""

import tomllib
import wave
from pathlib import Path

import numpy as np

SOUNDS = Path(__file__).resolve().parent.parent
RATE = 16_000
NARROW_RATE = 8_000
SPEECH_DBFS = -20.0
MUSIC_DBFS = -24.0
PEAK = 0.89  # -1 dBFS: room for the codec's own overshoot


def manifest():
    """The parsed manifest, the one list of what is to be made."""
    return tomllib.loads((SOUNDS / "manifest.toml").read_text(encoding="utf-8"))


def resample(samples, rate_in, rate_out):
    """Band-limited resampling of a whole clip by its spectrum; the ends are silent, so wrapping does not matter."""
    if rate_in == rate_out:
        return samples
    pad = rate_in // 4
    padded = np.concatenate([np.zeros(pad), samples, np.zeros(pad)])
    # A whole number of both sample grids, so that the pitch is exact.
    step = rate_in // np.gcd(rate_in, rate_out)
    padded = np.concatenate([padded, np.zeros(-len(padded) % step)])
    length_out = len(padded) * rate_out // rate_in
    spectrum = np.fft.rfft(padded)
    bins = length_out // 2 + 1
    if bins <= len(spectrum):
        spectrum = spectrum[:bins].copy()
        # A gentle roll-off under the new Nyquist frequency keeps the filter from ringing.
        edge = int(bins * 0.94)
        spectrum[edge:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, bins - edge))
    else:
        spectrum = np.concatenate([spectrum, np.zeros(bins - len(spectrum))])
    out = np.fft.irfft(spectrum, length_out) * (length_out / len(padded))
    pad_out = pad * rate_out // rate_in
    return out[pad_out : pad_out + round(len(samples) * rate_out / rate_in)]


def trim(samples, rate, keep_ms=20, floor_db=-42.0):
    """Cut silence from both ends: quieter than `floor_db` below the loudest 10 ms."""
    frame = rate // 100
    count = len(samples) // frame
    power = np.sqrt(np.mean(samples[: count * frame].reshape(count, frame) ** 2, axis=1))
    loud = np.nonzero(power > power.max() * 10 ** (floor_db / 20))[0]
    keep = keep_ms * rate // 1000
    return samples[max(0, loud[0] * frame - keep) : (loud[-1] + 1) * frame + keep]


def level(samples, dbfs):
    """Scale to an RMS level; what would pass PEAK is bent under it, not cut off."""
    for _ in range(4):
        samples = samples * (10 ** (dbfs / 20) / np.sqrt(np.mean(samples**2)))
        knee = 0.6
        over = np.abs(samples) > knee
        bent = knee + (PEAK - knee) * np.tanh((np.abs(samples) - knee) / (PEAK - knee))
        samples = np.where(over, np.sign(samples) * bent, samples)
    return samples


def fade(samples, rate, in_ms, out_ms):
    """Raised-cosine ends, so that no clip begins or stops with a click."""
    samples = samples.copy()
    head, tail = in_ms * rate // 1000, out_ms * rate // 1000
    samples[:head] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, head))
    samples[len(samples) - tail :] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, tail))
    return samples


def save(path, samples, dbfs, fade_ms=(5, 10)):
    """Write `samples` (16 kHz, float) under `path` and its 8 kHz copy under `8k/` beside it."""
    target = SOUNDS / path
    narrow = target.parent / "8k" / target.name
    for file, rate in ((target, RATE), (narrow, NARROW_RATE)):
        out = fade(level(resample(samples, RATE, rate), dbfs), rate, *fade_ms)
        write(file, out, rate)


def write(file, samples, rate):
    """One 16-bit mono WAV file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
