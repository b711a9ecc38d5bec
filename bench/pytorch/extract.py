"""Frame features of 10 s of log-mels in PyTorch, in the chunks that the authors' inference takes."""

import torch
from matpac import Student, sin_cos_positions
from serve import serve
from sizes import sizes


def prepare(row):
    size = sizes[row["size"]]
    student = Student(size, row["implementation"] == "pytorch-tuned").eval()
    batch, chunk, frames = row["batch"], 608, 1008
    data = 2 * torch.rand(batch, 80, frames) - 1
    positions = {n: sin_cos_positions(size["embedDim"], 5, n // 16)[1:] for n in (chunk, frames - chunk)}

    @torch.inference_mode()
    def run():
        pieces = []
        for piece in (data[:, :, :chunk], data[:, :, chunk:]):
            tokens = student.patch_embed.proj(piece[:, None]).flatten(2).transpose(1, 2) + positions[piece.shape[2]]
            cls = student.cls_token.expand(batch, -1, -1)
            out = student.student_encoder(torch.cat([cls, tokens], 1))[:, 1:]
            out = out.reshape(batch, 5, piece.shape[2] // 16, -1).permute(0, 2, 1, 3)
            pieces.append(out.reshape(batch, piece.shape[2] // 16, -1))
        torch.cat(pieces, 1)

    return run


serve(prepare)
