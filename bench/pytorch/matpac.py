"""MATPAC's training step in PyTorch, the counterpart of packages/matpac for bench/.

Written from the paper and the recorded runs (replay.py proves that it is the same work). Parameter names are the
authors'. `tuned` chooses PyTorch's fused attention, fused AdamW and multi-tensor EMA; otherwise attention is two
matrix products and a softmax, and the optimiser and the EMA are loops over the parameters, as the authors write them.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim, heads, tuned):
        super().__init__()
        self.heads, self.tuned = heads, tuned
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):  # (B, N, D)
        batch, count, dim = x.shape
        q, k, v = self.qkv(x).reshape(batch, count, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        if self.tuned:
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out = ((q @ k.transpose(-2, -1)) * (dim // self.heads) ** -0.5).softmax(dim=-1) @ v
        return self.proj(out.transpose(1, 2).reshape(batch, count, dim))


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, tuned):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads, tuned)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Encoder(nn.Module):
    def __init__(self, dim, depth, heads, tuned):
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, heads, tuned) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Predictor(nn.Module):
    def __init__(self, inner, dim, depth, heads, tuned):
        super().__init__()
        self.decoder_embed = nn.Linear(inner, dim)
        self.mask_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.decoder_blocks = nn.ModuleList(Block(dim, heads, tuned) for _ in range(depth))
        self.decoder_norm = nn.LayerNorm(dim, eps=1e-6)
        self.decoder_pred = nn.Linear(dim, inner)

    def forward(self, encoded, order, positions):  # (B, 1 + V, D), (B, N), (1 + N, dec) -> (B, M, dec)
        batch, seen = encoded.shape[0], encoded.shape[1] - 1
        x = self.decoder_embed(encoded)
        hidden = self.mask_token.expand(batch, order.shape[1] - seen, -1)
        tokens = torch.cat([x[:, 1:], hidden.to(x.dtype)], 1)
        tokens = take(tokens, order.argsort(1))  # back to the order of the grid
        x = torch.cat([x[:, :1], tokens], 1) + positions
        for block in self.decoder_blocks:
            x = block(x)
        return take(self.decoder_norm(x)[:, 1:], order)[:, seen:]


class WeightNorm(nn.Module):
    def __init__(self, inner, classes):
        super().__init__()
        self.weight_g = nn.Parameter(torch.ones(classes, 1))
        self.weight_v = nn.Parameter((torch.rand(classes, inner) * 2 - 1) / math.sqrt(inner))

    def forward(self, x):
        return F.linear(x, self.weight_g * self.weight_v / self.weight_v.norm(dim=1, keepdim=True))


class Head(nn.Module):
    def __init__(self, inner, hidden, bottleneck, classes):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(inner, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck)
        )
        self.last_layer = WeightNorm(bottleneck, classes)

    def forward(self, x):
        return self.last_layer(F.normalize(self.mlp(x), dim=-1, eps=1e-12))


class Student(nn.Module):
    def __init__(self, size, tuned):
        super().__init__()
        dim = size["embedDim"]
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(1, dim, 16, 16)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.student_encoder = Encoder(dim, size["depth"], size["numHeads"], tuned)
        self.decoder = Predictor(dim, size["predictorDim"], size["predictorDepth"], size["predictorHeads"], tuned)
        self.cls_student_head = Head(dim, size["headHidden"], size["bottleneck"], size["pseudoClasses"])
        if size.get("hypotheses"):
            self.mcl_heads = nn.Module()
            self.mcl_heads.mcl_heads = nn.ModuleList(
                nn.Linear(size["predictorDim"], dim) for _ in range(size["hypotheses"])
            )


class Teacher(nn.Module):
    def __init__(self, size, tuned):
        super().__init__()
        dim = size["embedDim"]
        self.encoder = Encoder(dim, size["depth"], size["numHeads"], tuned)
        self.cls_head = Head(dim, size["headHidden"], size["bottleneck"], size["pseudoClasses"])
        self.requires_grad_(False)


def take(tokens, order):
    return torch.gather(tokens, 1, order[..., None].expand(-1, -1, tokens.shape[-1]))


def sin_cos_positions(dim, freq, time):
    """First half of the channels encodes time, second half frequency; row 0, of the class token, is zero."""
    omega = 10000.0 ** (-torch.arange(dim // 4, dtype=torch.float64) / (dim // 4))

    def axis(positions):
        angles = positions.double().reshape(-1, 1) * omega
        return torch.cat([angles.sin(), angles.cos()], 1)

    f, t = torch.meshgrid(torch.arange(freq), torch.arange(time), indexing="ij")
    table = torch.cat([axis(t), axis(f)], 1).float()
    return torch.cat([torch.zeros(1, dim), table])


class Matpac:
    """A student, its teacher, their optimiser and the centre; `step` is one update."""

    def __init__(self, size, *, tuned=False, bf16=False, settings=None):
        self.size, self.tuned, self.bf16 = size, tuned, bf16
        self.settings = {
            "ratio": 0.7, "predictionWeight": 0.5, "classificationWeight": 0.5, "studentTemperature": 0.1,
            "centerMomentum": 0.9, "clip": 3.0, "betas": (0.9, 0.95), "eps": 1e-6, "weightDecay": 0.05,
            "observe": True, **(settings or {}),
        }  # fmt: skip
        self.student = Student(size, tuned)
        self.teacher = Teacher(size, tuned)
        grid = (80 // 16, size["frames"] // 16)
        self.positions = sin_cos_positions(size["embedDim"], *grid)
        self.predictor_positions = sin_cos_positions(size["predictorDim"], *grid)
        self.center = torch.zeros(1, 1, size["pseudoClasses"])
        self.pending = None
        self.updates = 0
        betas, decay = self.settings["betas"], self.settings["weightDecay"]
        if tuned:
            self.optimizer = torch.optim.AdamW(self.student.parameters(), betas=betas, weight_decay=decay, fused=True)
        else:
            self.moments = {}

    def forward(self, source, order, scalars):
        s, student, teacher = self.settings, self.student, self.teacher
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            tokens = student.patch_embed.proj(source[:, None]).flatten(2).transpose(1, 2) + self.positions[1:]
            count = tokens.shape[1]
            seen = int(count * (1 - s["ratio"]))
            shuffled = take(tokens, order)
            cls = student.cls_token.expand(len(source), -1, -1).to(tokens.dtype)
            z_v = student.student_encoder(torch.cat([cls, shuffled[:, :seen]], 1))
            trunk = student.decoder(z_v, order, self.predictor_positions)
            with torch.no_grad():
                z_m = teacher.encoder(torch.cat([cls, shuffled[:, seen:]], 1))[:, 1:]
                logits = teacher.cls_head(z_m)
                target = ((logits.float() - self.center) / scalars["teacherTemperature"]).softmax(-1)
                self.pending = target.mean((0, 1), keepdim=True)
            if self.size.get("hypotheses"):
                predicted = torch.stack([head(trunk) for head in student.mcl_heads.mcl_heads], 2)
                distance = cosine_distance(predicted.float(), z_m.float()[:, :, None])
                temperature = scalars["hypothesisTemperature"]
                if temperature > s["hardBelow"]:
                    weights = (-distance / temperature).softmax(-1).detach()
                    prediction = (weights * distance).sum(-1)
                else:
                    prediction = distance.min(-1).values
                index = distance.argmin(-1)[..., None, None].expand(-1, -1, 1, predicted.shape[-1])
                best = predicted.gather(2, index)[:, :, 0]
            else:
                best = predicted = student.decoder.decoder_pred(trunk)
                prediction = cosine_distance(predicted.float(), z_m.float())
            scores = student.cls_student_head(best).float() / s["studentTemperature"]
            classification = -(target * scores.log_softmax(-1)).sum(-1)
        return {"z_v": z_v, "z_hat_m": predicted, "z_m": z_m, "prediction": prediction, "classification": classification}

    def step(self, source, order, scalars):
        s = self.settings
        if self.pending is not None:
            momentum = s["centerMomentum"]
            self.center = self.center * momentum + self.pending * (1 - momentum)
        out = self.forward(source, order, scalars)
        if self.updates > 0:
            self.follow(scalars["encoderDecay"], scalars["headDecay"])
        loss = 0.0
        if s["predictionWeight"]:
            loss = loss + s["predictionWeight"] * out["prediction"].mean()
        if s["classificationWeight"]:
            loss = loss + s["classificationWeight"] * out["classification"].mean()
        self.student.zero_grad(set_to_none=True)
        loss.backward()
        if self.updates == 0:
            out["gradients"] = {
                name: p.grad.clone() for name, p in self.student.named_parameters() if p.grad is not None
            } if s.get("keepGradients") else None
        out["norm"] = torch.nn.utils.clip_grad_norm_(self.student.parameters(), s["clip"], foreach=self.tuned)
        self.updates += 1
        self.update(scalars["learningRate"])
        out["loss"] = loss.detach()
        return out

    @torch.no_grad()
    def follow(self, encoder_decay, head_decay):
        pairs = [
            (self.teacher.cls_head, self.student.cls_student_head, head_decay),
            (self.teacher.encoder, self.student.student_encoder, encoder_decay),
        ]
        for teacher, student, decay in pairs:
            if self.tuned:
                torch._foreach_lerp_(list(teacher.parameters()), list(student.parameters()), 1 - decay)
            else:
                for slow, fast in zip(teacher.parameters(), student.parameters()):
                    slow.mul_(decay).add_(fast, alpha=1 - decay)

    @torch.no_grad()
    def update(self, rate):
        beta1, beta2 = self.settings["betas"]
        eps, decay, t = self.settings["eps"], self.settings["weightDecay"], self.updates
        if self.tuned:
            for group in self.optimizer.param_groups:
                group["lr"] = rate
                # The reference adds epsilon to the uncorrected root.
                group["eps"] = eps / math.sqrt(1 - beta2**t)
            self.optimizer.step()
            return
        size = rate * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        for p in self.student.parameters():
            if p.grad is None:
                continue
            m, v = self.moments.setdefault(p, (torch.zeros_like(p), torch.zeros_like(p)))
            m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
            p.add_(p, alpha=-decay * rate)
            p.addcdiv_(m, v.sqrt().add_(eps), value=-size)


def cosine_distance(a, b):
    return 2 - 2 * (F.normalize(a, dim=-1) * F.normalize(b, dim=-1)).sum(-1)
