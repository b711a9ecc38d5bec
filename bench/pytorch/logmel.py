"""Log-mels of 10 s of sound with torchaudio, on one core, with the authors' settings."""

import torch
import torchaudio.transforms as T
from serve import serve


def prepare(row):
    torch.set_num_threads(1)
    rate = row["sampleRate"]
    waveform = 2 * torch.rand(1, 10 * rate) - 1
    mel = T.MelSpectrogram(
        16000, 400, 400, 160, f_min=50, f_max=8000, n_mels=80, norm="slaney", mel_scale="slaney", center=False
    )
    resample = T.Resample(
        rate, 16000, resampling_method="sinc_interp_kaiser", lowpass_filter_width=64,
        rolloff=0.9475937167399596, beta=14.769656459379492,
    )  # fmt: skip

    @torch.inference_mode()
    def run():
        (mel(resample(waveform)) + torch.finfo().eps).log()

    return run


serve(prepare)
