"""Writes full-size encoders (ViT-B, 85.4 million random parameters, the published layout) with torch.save.

    python bench/pytorch/write-vit-b.py FOLDER

vit-b.pt and vit-b-legacy.pth (zip and legacy serialisation), and the same in half precision: for bench/src/checkpoint.ts.
"""

import sys
from pathlib import Path

import torch

torch.manual_seed(0)
folder = Path(sys.argv[1])
width, hidden = 768, 3072
shapes = {
    "cls_token": (1, 1, width),
    "pos_embed": (1, 191, width),
    "patch_embed.proj.weight": (width, 1, 16, 16),
    "patch_embed.proj.bias": (width,),
    "student_encoder.norm.weight": (width,),
    "student_encoder.norm.bias": (width,),
}
for i in range(12):
    block = f"student_encoder.blocks.{i}"
    for norm in ("norm1", "norm2"):
        shapes[f"{block}.{norm}.weight"] = shapes[f"{block}.{norm}.bias"] = (width,)
    for name, rows, columns in (("attn.qkv", 3 * width, width), ("attn.proj", width, width), ("mlp.fc1", hidden, width), ("mlp.fc2", width, hidden)):
        shapes[f"{block}.{name}.weight"] = (rows, columns)
        shapes[f"{block}.{name}.bias"] = (rows,)

weights = {name: 0.02 * torch.randn(shape) for name, shape in shapes.items()}
halves = {name: value.half() for name, value in weights.items()}
for name, content in (("vit-b", weights), ("vit-b-half", halves)):
    torch.save(content, folder / f"{name}.pt")
    torch.save(content, folder / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)
