"""Makes the tones that carry no language."""

import numpy as np

import audio

TONES = {  # name: (pairs of frequency in Hz and length in ms)
    "beep": [(1000, 200)],
    "zip": [(880, 90), (1320, 130)],
    "record-beep": [(1400, 500)],
    "error": [(660, 140), (550, 140), (440, 220)],
}
# ITU-T E.180: one second of 425 Hz, four of silence; it is played again and again.
RINGBACK = {"hz": 425, "on_ms": 1000, "off_ms": 4000, "dbfs": audio.SPEECH_DBFS}


def tone(hz, ms):
    t = np.arange(ms * audio.RATE // 1000) / audio.RATE
    return audio.fade(np.sin(2 * np.pi * hz * t), audio.RATE, 5, 5)


def ringback(hz, on_ms, off_ms, dbfs):
    """The level is that of the tone, not of the tone and its silence."""
    for rate, folder in ((audio.RATE, "tones"), (audio.NARROW_RATE, "tones/8k")):
        t = np.arange(on_ms * rate // 1000) / rate
        on = audio.fade(np.sqrt(2) * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t), rate, 10, 10)
        audio.write(audio.SOUNDS / folder / "ringback.wav", np.concatenate([on, np.zeros(off_ms * rate // 1000)]), rate)


def silence(ms):
    """What a nailed-up leg hears between two talks, again and again."""
    for rate, folder in ((audio.RATE, "tones"), (audio.NARROW_RATE, "tones/8k")):
        audio.write(audio.SOUNDS / folder / "silence.wav", np.zeros(ms * rate // 1000), rate)


for name, parts in TONES.items():
    audio.save(f"tones/{name}.wav", np.concatenate([tone(hz, ms) for hz, ms in parts]), audio.SPEECH_DBFS)
ringback(**RINGBACK)
silence(1000)
