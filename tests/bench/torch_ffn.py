"""torch_ffn.py SECONDS MODEL HIDDEN LAYERS TABLES WIDTH BITS - the model of
ffn-train in PyTorch, on one thread: bytes a second of the processor's time.

Every table is indexed by a hash of one byte more than the one before; what the
hash is of costs the same. The text comes on stdin, 1024 positions a step."""

import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
budget = float(sys.argv[1])
D, H, L, TABLES, WIDTH, BITS = map(int, sys.argv[2:8])
BATCH = 1024


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(D)
        self.up = nn.Linear(D, 2 * H)
        self.down = nn.Linear(H, D)

    def forward(self, x):
        gate, up = self.up(self.norm(x)).chunk(2, dim=-1)
        return x + self.down(nn.functional.silu(gate) * up)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, D)
        self.tables = nn.Embedding(max(TABLES, 1) << BITS, WIDTH, sparse=True)
        nn.init.zeros_(self.tables.weight)
        self.inward = nn.Linear(max(TABLES, 1) * WIDTH, D, bias=False)
        self.layers = nn.Sequential(*[Layer() for _ in range(L)])
        self.norm = nn.LayerNorm(D)
        self.head = nn.Linear(D, 256, bias=False)

    def forward(self, bytes_, rows):
        x = self.embed(bytes_)
        if TABLES:
            x = x + self.inward(self.tables(rows).flatten(1))
        return self.head(self.norm(self.layers(x)))


def rows_of(text, at):
    hash_, rows = torch.zeros(BATCH, dtype=torch.long), []
    for k in range(TABLES + 1):
        hash_ = (hash_ + text[at - k : at - k + BATCH] + 1) * 0x1E3779B97F4A7C15
        hash_ = hash_ ^ (hash_ >> 32)
        if k:
            rows.append((hash_ & ((1 << BITS) - 1)) + ((k - 1) << BITS))
    return torch.stack(rows, 1) if rows else None


model = Model()
dense = [p for n, p in model.named_parameters() if n != "tables.weight"]
adamw = torch.optim.AdamW(dense, lr=2e-3, weight_decay=0.01)
adagrad = torch.optim.Adagrad([model.tables.weight], lr=0.1)
text = torch.frombuffer(bytearray(sys.stdin.buffer.read()), dtype=torch.uint8).long()
at, seen, start = TABLES + 1, 0, time.process_time()
while time.process_time() - start < budget:
    logits = model(text[at : at + BATCH], rows_of(text, at))
    loss = nn.functional.cross_entropy(logits, text[at + 1 : at + BATCH + 1])
    adamw.zero_grad()
    adagrad.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(dense, 1.0)
    adamw.step()
    if TABLES:
        adagrad.step()
    at = TABLES + 1 + (at + BATCH) % (len(text) - 2 * BATCH - TABLES)
    seen += BATCH
print(round(seen / (time.process_time() - start)))
