"""One training step of MATPAC, `pytorch` or `pytorch-tuned`."""

import torch
from matpac import Matpac
from serve import serve
from sizes import sizes

SCALARS = {"learningRate": 1e-4, "encoderDecay": 0.9999, "headDecay": 0.998, "teacherTemperature": 0.05}


def prepare(spec):
    torch.manual_seed(0)
    size = {**sizes[spec["size"]], "frames": spec["frames"]}
    tuned = spec["implementation"] == "pytorch-tuned"
    model = Matpac(size, tuned=tuned, bf16=spec["precision"] == "bf16")
    tokens = 5 * spec["frames"] // 16
    data = 2 * torch.rand(spec["batch"], 80, spec["frames"]) - 1

    def run():
        order = torch.rand(spec["batch"], tokens).argsort(1)
        return model.step(data, order, SCALARS)["loss"].item()

    return run


serve(prepare)
