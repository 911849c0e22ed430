"""Makes the tones that carry no language."""

import numpy as np

import audio

TONES = {  # name: (pairs of frequency in Hz and length in ms)
    "beep": [(1000, 200)],
    "zip": [(880, 90), (1320, 130)],
    "record-beep": [(1400, 500)],
    "error": [(660, 140), (550, 140), (440, 220)],
}


def tone(hz, ms):
    t = np.arange(ms * audio.RATE // 1000) / audio.RATE
    return audio.fade(np.sin(2 * np.pi * hz * t), audio.RATE, 5, 5)


for name, parts in TONES.items():
    audio.save(f"tones/{name}.wav", np.concatenate([tone(hz, ms) for hz, ms in parts]), audio.SPEECH_DBFS)
