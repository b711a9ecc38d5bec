"""Replays recorded runs of the authors' code through matpac.py and prints the worst differences.

    python bench/pytorch/replay.py FOLDER...

Exit code 1 when one exceeds what float32 explains: then the benchmark would compare different work.
"""

import json
import sys
from pathlib import Path

import torch
from matpac import Matpac
from safetensors.torch import load_file

LOSSES, GRADIENTS, PARAMETERS = 2e-6, 2e-5, 1e-5  # relative, relative L2, absolute: as tools/parity has them


def schedule(run, i):
    c, o = run["config"], run["optimizer"]
    line = lambda ends, steps: ends[1] - (ends[1] - ends[0]) * max(0.0, 1 - i / steps)
    if i < o["warmup"]:
        rate = o["lr"] * i / o["warmup"]
    else:
        rate = 0.5 * o["lr"] * (1 + torch.cos(torch.tensor(torch.pi * (i - o["warmup"]) / (o["max_update"] - o["warmup"]), dtype=torch.float64)).item())
    return {
        "learningRate": rate,
        "encoderDecay": line(run["ema_decay"], c["max_update"]),
        "headDecay": line(run["head_ema_decay"], c["max_update"]),
        "teacherTemperature": line(run["teacher_temp"], c["warmup"]),
        "hypothesisTemperature": c.get("mcl_t", 1) * run["mcl_decay_rate"] ** i,
    }


def replay(folder, tuned):
    run = json.loads((folder / "run.json").read_text())
    tensors = load_file(folder / "tensors.safetensors")
    c, o = run["config"], run["optimizer"]
    size = {
        "embedDim": c["embed"], "depth": c["depth"], "numHeads": c["heads"], "predictorDim": c["dec"],
        "predictorDepth": c["dec_depth"], "predictorHeads": c["dec_heads"], "headHidden": c["head_hidden"],
        "pseudoClasses": c["head_out"], "bottleneck": tensors["init/cls_student_head.last_layer.weight_v"].shape[1],
        "frames": c["n_t"], "hypotheses": tensors["step0/z_hat_m"].shape[2] if c.get("mcl") else None,
    }  # fmt: skip
    model = Matpac(size, tuned=tuned, settings={
        "ratio": run["mask_ratio"],
        "predictionWeight": 0 if run["alpha"] == 0 else run["loss_weights"]["loss_pred"],
        "classificationWeight": 0 if run["alpha"] == 1 else run["loss_weights"]["loss_cls"],
        "studentTemperature": run["student_temp"], "centerMomentum": run["center_momentum"], "clip": o["clip"],
        "betas": tuple(o["betas"]), "eps": o["eps"], "weightDecay": o["weight_decay"],
        "hardBelow": run["mcl_temperature_end"], "keepGradients": True,
    })  # fmt: skip
    part = lambda prefix: {n[len(prefix):]: t for n, t in tensors.items() if n.startswith(prefix)}
    fixed = ("pos_embed", "decoder.decoder_pos_embed")
    state = {n: t for n, t in part("init/").items() if not n.endswith(fixed)}
    missing, unexpected = model.student.load_state_dict(state, strict=False)
    assert not unexpected and not [n for n in missing if "decoder_pred" not in n], (missing, unexpected)
    model.teacher.load_state_dict(part("init_teacher/"))

    worst = {"loss": 0.0, "gradient": 0.0, "parameter": 0.0, "center": 0.0}
    for i in range(run["steps"]):
        row = run["log"][i]
        out = model.step(tensors[f"step{i}/source"], tensors[f"step{i}/ids_shuffle"].long(), schedule(run, i))
        for ours, theirs in (("prediction", "loss_pred"), ("classification", "loss_cls")):
            if theirs in row:
                value = out[ours].mean().item()
                worst["loss"] = max(worst["loss"], abs(value - row[theirs]) / abs(row[theirs]))
        if i == 0:
            for name, grad in part("step0/grad/").items():
                ours = out["gradients"].get(name)
                if ours is None and grad.norm() == 0:
                    continue
                worst["gradient"] = max(worst["gradient"], ((ours - grad).norm() / grad.norm()).item())
    for name, value in model.student.state_dict().items():
        if f"final/{name}" in tensors:
            worst["parameter"] = max(worst["parameter"], (value - tensors[f"final/{name}"]).abs().max().item())
    for name, value in model.teacher.state_dict().items():
        worst["parameter"] = max(worst["parameter"], (value - tensors[f"final_teacher/{name}"]).abs().max().item())
    worst["center"] = (model.center - tensors["final/center"]).abs().max().item()
    ok = worst["loss"] <= LOSSES and worst["gradient"] <= GRADIENTS and max(worst["parameter"], worst["center"]) <= PARAMETERS
    figures = "  ".join(f"{name} {value:.1e}" for name, value in worst.items())
    print(f"{folder.name:28} {'tuned' if tuned else 'plain':6} {figures}  {'ok' if ok else 'FAIL'}")
    return ok


if __name__ == "__main__":
    results = [replay(Path(name), tuned) for name in sys.argv[1:] for tuned in (False, True)]
    sys.exit(0 if all(results) else 1)
