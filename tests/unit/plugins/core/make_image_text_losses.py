"""Prints the values that scored_losses_test.cpp has of the losses of CLIP and SigLIP, as transformers computes them.

    pip install torch==2.13.0 transformers==5.24.0
    python3 make_image_text_losses.py
"""

import math

import torch
from transformers.models.clip.modeling_clip import image_text_contrastive_loss


def embeddings():
    """As sine_fixture.hpp draws them; the second objects of the pairs lie near the first ones."""
    classes = [0, 0, 0, 1, 1, 1, 2, 2, 3]
    rows = [
        [math.sin(1.7 * c + 0.9 * j) + 0.9 * math.sin(2.1 * i + 1.3 * j) for j in range(4)] for i, c in enumerate(classes)
    ]
    a = torch.tensor(rows, dtype=torch.double)
    near = [[0.1 * math.cos(i + 2 * j) for j in range(4)] for i in range(9)]
    return a.clone().requires_grad_(True), (a + torch.tensor(near, dtype=torch.double)).requires_grad_(True)


def cosines(a, b):
    return torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).t()


def show(name, loss, **tensors):
    loss.backward()
    gradients = {key: round(value.grad.norm().item() * (1 if value.grad.sum() >= 0 else -1), 9) for key, value in tensors.items()}
    print(name, round(loss.item(), 9), gradients)


a, b = embeddings()
log_scale = torch.tensor(math.log(1 / 0.07), dtype=torch.double, requires_grad=True)
show("clip", image_text_contrastive_loss(cosines(a, b) * log_scale.exp()), a=a, b=b, log_scale=log_scale)

# As SiglipModel computes its loss; it begins with a scale of 10 and a bias of -10.
a, b = embeddings()
log_scale = torch.tensor(math.log(10), dtype=torch.double, requires_grad=True)
bias = torch.tensor(-10.0, dtype=torch.double, requires_grad=True)
signs = 2 * torch.eye(9, dtype=torch.double) - 1
logits = cosines(a, b) * log_scale.exp() + bias
loss = -torch.nn.functional.logsigmoid(signs * logits).sum(-1).mean()
show("siglip", loss, a=a, b=b, log_scale=log_scale, bias=bias)
