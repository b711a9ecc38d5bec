"""Writes the same 10 s of stereo as FLAC, MP3, Vorbis and Opus: write-sounds.py FOLDER. Chords over a beat and some noise,
since neither a tone nor noise alone costs a codec what music does."""

import sys
from pathlib import Path

import numpy as np
import soundfile

SECONDS = 10
FILES = {"FLAC": ("flac", "FLAC", "PCM_16"), "MP3": ("mp3", "MP3", None), "Vorbis": ("ogg", "OGG", "VORBIS"),
         "Opus": ("opus", "OGG", "OPUS")}  # fmt: skip


def music(rate):
    random = np.random.default_rng(0)
    sound = 0.003 * random.standard_normal((2, SECONDS * rate))
    after = np.arange(2 * rate) / rate
    for start in range(0, SECONDS * rate, rate // 2):
        part = sound[:, start : start + after.size]
        time = after[: part.shape[1]]
        fall = np.exp(-3 * time)
        for note in random.choice([0, 2, 4, 5, 7, 9, 11, 12, 16, 19], 3, replace=False):
            pan = random.uniform(0.2, 0.8)
            hz = 220 * 2 ** (note / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * time) / k**1.5 for k in range(1, 13))
            part += 0.05 * fall * tone * np.array([[pan], [1 - pan]])
        part += 0.1 * fall**8 * random.standard_normal(part.shape)
    return (0.8 * sound / np.abs(sound).max()).T.astype(np.float32)


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
sounds = {rate: music(rate) for rate in (44100, 48000)}
for name, (extension, container, coding) in FILES.items():
    rate = 48000 if name == "Opus" else 44100  # Opus knows no other that is near
    soundfile.write(folder / f"{name}.{extension}", sounds[rate], rate, format=container, subtype=coding)
