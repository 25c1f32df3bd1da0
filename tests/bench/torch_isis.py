"""torch_isis.py SECONDS - the original's small model and update rule in
PyTorch, on one thread: bytes a second of the processor's time. The text comes on stdin."""

import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
D, H, L, CONTEXT = 128, 512, 4, 64


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(D)
        self.gate, self.up = nn.Linear(D, H), nn.Linear(D, H)
        self.down = nn.Linear(H, D)

    def forward(self, x):
        n = self.norm(x)
        return x + self.down(nn.functional.silu(self.gate(n)) * self.up(n))


model = nn.Sequential(
    nn.Embedding(256, D),
    *[Layer() for _ in range(L)],
    nn.LayerNorm(D),
    nn.Linear(D, 256, bias=False),
)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
text = torch.frombuffer(bytearray(sys.stdin.buffer.read()), dtype=torch.uint8).long()
budget, at, seen = float(sys.argv[1]), 0, 0
start = time.process_time()
while time.process_time() - start < budget:
    window = text[at : at + CONTEXT + 1]
    loss = nn.functional.cross_entropy(model(window[:-1]), window[1:], reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    at = (at + CONTEXT) % (len(text) - CONTEXT - 1)
    seen += CONTEXT
print(round(seen / (time.process_time() - start)))
