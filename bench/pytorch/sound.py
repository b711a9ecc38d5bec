"""Log-mels of 10 s of sound on one core with the authors' settings: by torchaudio, from a file by soundfile (libsndfile)."""

import soundfile
import torch
import torchaudio.transforms as T
from serve import serve


def prepare(row):
    torch.set_num_threads(1)
    rate = row["sampleRate"]
    noise = 2 * torch.rand(1, 10 * rate) - 1
    mel = T.MelSpectrogram(
        16000, 400, 400, 160, f_min=50, f_max=8000, n_mels=80, norm="slaney", mel_scale="slaney", center=False
    )
    resample = T.Resample(
        rate, 16000, resampling_method="sinc_interp_kaiser", lowpass_filter_width=64,
        rolloff=0.9475937167399596, beta=14.769656459379492,
    )  # fmt: skip

    def read():
        samples, found = soundfile.read(row["path"], dtype="float32")
        assert found == rate, f"expected {rate} Hz, got {found}"
        left, right = torch.from_numpy(samples).unbind(1)
        return ((left + right) / 2).unsqueeze(0)  # faster than a mean over so short an axis

    @torch.inference_mode()
    def run():
        waveform = read() if "path" in row else noise
        (mel(resample(waveform)) + torch.finfo().eps).log()

    return run


serve(prepare)
