# SPDX-License-Identifier: MIT
"""A PyTorch program that is profiled by PyTorch's own profiler, another user of CUPTI. Prints how many
kernels and copies that saw, and the result."""
import torch

with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU,
                                        torch.profiler.ProfilerActivity.CUDA]) as profiler:
    x = torch.ones(512, 512, device="cuda")
    for _ in range(20):
        x = x + 1
    torch.cuda.synchronize()
on_device = [event for event in profiler.events()
             if event.device_type == torch.autograd.DeviceType.CUDA]
print(f"{len(on_device)} on the device, sum {x.sum().item():.0f}")
