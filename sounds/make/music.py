"""Composes and synthesises the music on hold. Everything here is arithmetic; nothing is quoted or sampled.

Each piece is a chord progression, a rule for the accompaniment and a melody drawn from a seeded generator: phrases of two
bars in the order A A B A, each note a chord note on the strong beats and a step away from the last one elsewhere.
The instruments are sums of partials that stay between 180 and 3400 Hz, because a telephone carries no more.
"""

import numpy as np

import audio

RATE = audio.RATE
MAJOR = (0, 2, 4, 5, 7, 9, 11)
PENTATONIC = (0, 2, 4, 7, 9)


def hertz(note):
    """Frequency of a MIDI note number."""
    return 440.0 * 2 ** ((note - 69) / 12)


def partials(note, seconds, parts, attack=0.006):
    """One note as a sum of decaying partials: (multiple, loudness, half-life in s)."""
    t = np.arange(int(seconds * RATE)) / RATE
    out = np.zeros_like(t)
    for multiple, loudness, half_life in parts:
        hz = hertz(note) * multiple
        if hz < 3400:
            out += loudness * np.sin(2 * np.pi * hz * t) * 0.5 ** (t / half_life)
    out *= 1 - np.exp(-t / attack)
    tail = int(0.05 * RATE)
    out[-tail:] *= np.linspace(1, 0, tail)
    return out


def string(note):
    parts = [(k, 1 / k**1.3, 0.9 / k**0.6) for k in range(1, 9)]
    return partials(note, 2.6, parts, attack=0.003)


def electric_piano(note):
    return partials(note, 2.4, [(1, 1, 0.8), (2, 0.28, 0.5), (3, 0.08, 0.35), (7, 0.07, 0.06)], attack=0.004)


def bell(note):
    return partials(note, 3.0, [(1, 1, 0.9), (2.76, 0.22, 0.3), (5.4, 0.06, 0.1)], attack=0.003)


def kalimba(note):
    return partials(note, 1.8, [(1, 1, 0.45), (2, 0.12, 0.3), (5.2, 0.16, 0.05)], attack=0.002)


def pad(note, seconds):
    """A soft held note: three slightly detuned voices that swell and fade."""
    t = np.arange(int(seconds * RATE)) / RATE
    out = np.zeros_like(t)
    for cents, phase in ((-4, 0.0), (0, 1.3), (4, 2.6)):
        hz = hertz(note) * 2 ** (cents / 1200)
        out += sum(np.sin(2 * np.pi * hz * k * t + phase * k) / k**1.8 for k in (1, 2, 3))
    swell = int(0.5 * RATE)
    out[:swell] *= np.sin(np.linspace(0, np.pi / 2, swell)) ** 2
    out[-swell:] *= np.cos(np.linspace(0, np.pi / 2, swell)) ** 2
    return out / 3


class Score:
    """A mixing board with a clock in beats."""

    def __init__(self, beats_per_minute, beats, seed):
        self.beat = 60.0 / beats_per_minute
        self.chance = np.random.default_rng(seed)
        self.length = int((beats * self.beat + 3.0) * RATE)
        self.dry = np.zeros(self.length)

    def add(self, at_beat, sound, loudness):
        # A hand is never exact: a few milliseconds and a little loudness, either way.
        at = max(0, int((at_beat * self.beat + self.chance.normal(0, 0.004)) * RATE))
        end = min(self.length, at + len(sound))
        self.dry[at:end] += loudness * self.chance.uniform(0.88, 1.0) * sound[: end - at]

    def finish(self, path):
        out = high_pass(self.dry + 0.22 * room(self.dry, self.chance))
        audio.save(path, out, audio.MUSIC_DBFS, fade_ms=(60, 2200))


def room(dry, chance, seconds=1.6):
    """A small hall: the piece convolved with decaying, darkened noise."""
    t = np.arange(int(seconds * RATE)) / RATE
    noise = chance.normal(0, 1, len(t)) * 0.5 ** (t / 0.28)
    noise = np.convolve(noise, np.hanning(9) / 4.0, mode="same")
    size = len(dry) + len(noise)
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(noise, size), size)[: len(dry)]
    return wet * (np.std(dry) / np.std(wet))


def high_pass(samples, hz=160.0):
    """Nothing below what a telephone passes, so that the level is spent on what is heard."""
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum *= 1 / (1 + (hz / np.maximum(frequency, 1.0)) ** 6)
    return np.fft.irfft(spectrum, len(samples))


def chord(root, degree, seventh=True):
    """Notes of the chord on a degree of the major scale (0 = tonic)."""
    steps = (0, 2, 4, 6) if seventh else (0, 2, 4)
    return [root + 12 * ((degree + s) // 7) + MAJOR[(degree + s) % 7] for s in steps]


def ladder(root, scale, low, high):
    """Every note of a scale between two notes."""
    return [n for n in range(low, high + 1) if (n - root) % 12 in scale]


def phrase(chance, rungs, chords, rhythm, beats_per_bar):
    """Two bars of melody: [(beat, note)]. Strong beats take a note of the bar's chord, the rest move by step."""
    here = chance.integers(len(rungs) // 3, 2 * len(rungs) // 3)
    notes = []
    for bar, harmony in enumerate(chords):
        for beat in rhythm[bar % len(rhythm)]:
            if beat == int(beat) and beat % 2 == 0:
                fitting = [i for i, n in enumerate(rungs) if n % 12 in {c % 12 for c in harmony[:3]}]
                here = min(fitting, key=lambda i: (abs(i - here) + chance.uniform(0, 1.5)))
            else:
                here = int(np.clip(here + chance.choice([-2, -1, -1, 1, 1, 2]), 0, len(rungs) - 1))
            notes.append((bar * beats_per_bar + beat, rungs[here]))
    return notes


def melody(score, rungs, harmonies, rhythm, beats_per_bar, play, start_bar):
    """Phrases A A B A over the progression, from `start_bar` to its end."""
    a = phrase(score.chance, rungs, harmonies[0:2], rhythm, beats_per_bar)
    b = phrase(score.chance, rungs, harmonies[4:6], rhythm, beats_per_bar)
    for index, bar in enumerate(range(start_bar, len(harmonies) - 1, 2)):
        tune = b if index % 4 == 2 else a
        for beat, note in tune:
            harmony = harmonies[bar + int(beat // beats_per_bar)]
            if beat % beats_per_bar == 0:
                # The phrase comes back over other chords: its first note in each bar follows them.
                note = min((n for n in rungs if n % 12 in {c % 12 for c in harmony[:3]}), key=lambda n: abs(n - note))
            play(bar * beats_per_bar + beat, note)


def lantern():
    """Slow plucked strings over a soft pad."""
    root, bars = 57, [0, 5, 3, 4, 0, 2, 3, 4, 5, 2, 3, 0, 3, 4, 0, 0]
    score = Score(64, len(bars) * 4, seed=11)
    harmonies = [chord(root, d) for d in bars]
    for bar, notes in enumerate(harmonies):
        for note in notes[:3]:
            score.add(bar * 4, pad(note, 4 * score.beat + 0.5), 0.10)
        for i, pick in enumerate((0, 2, 1, 3, 2, 1, 3, 2)):
            score.add(bar * 4 + i / 2, string(notes[pick] + (12 if i in (3, 6) else 0)), 0.32)
    rungs = ladder(root, MAJOR, 69, 86)
    rhythm = [(0, 1.5, 2, 3), (0, 2, 3)]
    melody(score, rungs, harmonies, rhythm, 4, lambda at, n: score.add(at, string(n), 0.5), 2)
    score.finish("music/default/01-lantern.wav")


def river():
    """Electric piano: broken chords and a singing upper voice."""
    root, bars = 62, [0, 4, 5, 2, 3, 0, 1, 4, 0, 4, 5, 2, 3, 4, 0, 0]
    score = Score(66, len(bars) * 4, seed=23)
    harmonies = [chord(root - 12, d) for d in bars]
    for bar, notes in enumerate(harmonies):
        for i, pick in enumerate((0, 1, 2, 1, 3, 2, 1, 2)):
            score.add(bar * 4 + i / 2, electric_piano(notes[pick] + (12 if pick == 0 else 0)), 0.34)
        score.add(bar * 4, pad(notes[2], 4 * score.beat + 0.4), 0.08)
    rungs = ladder(root, MAJOR, 66, 83)
    rhythm = [(0, 1, 2, 2.5, 3.5), (0, 1.5, 2)]
    melody(score, rungs, harmonies, rhythm, 4, lambda at, n: score.add(at, electric_piano(n), 0.6), 2)
    score.finish("music/default/02-river.wav")


def paper_boats():
    """A waltz: piano on the beats, bells above."""
    root, bars = 53, [0, 5, 1, 4, 0, 5, 3, 4, 2, 5, 1, 4, 3, 4, 0, 5, 1, 4, 0, 5, 3, 4, 0, 0]
    score = Score(72, len(bars) * 3, seed=37)
    harmonies = [chord(root, d) for d in bars]
    for bar, notes in enumerate(harmonies):
        score.add(bar * 3, electric_piano(notes[0] + 12), 0.5)
        for beat in (1, 2):
            for note in notes[1:4]:
                score.add(bar * 3 + beat, electric_piano(note + 12), 0.2)
    rungs = ladder(root, MAJOR, 72, 89)
    rhythm = [(0, 1, 2), (0, 2)]
    melody(score, rungs, harmonies, rhythm, 3, lambda at, n: score.add(at, bell(n), 0.42), 2)
    score.finish("music/default/03-paper-boats.wav")


def tea_house():
    """Kalimba on five notes."""
    root, bars = 55, [0, 0, 5, 5, 3, 3, 4, 4, 0, 2, 5, 2, 3, 4, 0, 0]
    score = Score(68, len(bars) * 4, seed=53)
    harmonies = [chord(root, d, seventh=False) for d in bars]
    for bar, notes in enumerate(harmonies):
        for i, pick in enumerate((0, 2, 1, 2)):
            score.add(bar * 4 + i, kalimba(notes[pick] + 12), 0.45)
        score.add(bar * 4 + 2.5, kalimba(notes[2] + 12), 0.25)
        score.add(bar * 4, pad(notes[0] + 12, 4 * score.beat + 0.4), 0.07)
    rungs = ladder(root, PENTATONIC, 74, 91)
    rhythm = [(0, 0.5, 1.5, 2, 3), (0, 1, 2, 2.5)]
    melody(score, rungs, harmonies, rhythm, 4, lambda at, n: score.add(at, kalimba(n), 0.7), 2)
    score.finish("music/default/04-tea-house.wav")


for piece in (lantern, river, paper_boats, tea_house):
    piece()
