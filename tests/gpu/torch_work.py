# SPDX-License-Identifier: MIT
"""A PyTorch program with a known number of kernels of its own, for check-gpu: elementwise additions,
matrix products, copies there and back. Prints as JSON what a recording of it must show at least."""
import json
import torch

ADDS, PRODUCTS, COPIES, SIZE = 50, 5, 3, 1024

host = torch.ones(SIZE, SIZE, pin_memory=True)
device = torch.device("cuda")
for _ in range(COPIES):
    x = host.to(device, non_blocking=True)
for _ in range(ADDS):
    x = x + 1
y = torch.eye(SIZE, device=device)
for _ in range(PRODUCTS):
    y = y @ y
back = (x @ y).cpu()
torch.cuda.synchronize()
assert back[0, 0].item() == ADDS + 1, back[0, 0]
print(json.dumps({"at_least": {"elementwise": ADDS}, "kernels_at_least": ADDS + PRODUCTS + 1,
                  "bytes_at_least": {"1": COPIES * SIZE * SIZE * 4, "2": SIZE * SIZE * 4}}))
