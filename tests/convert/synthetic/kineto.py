#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# kineto.py STEPS: a trace as PyTorch's profiler (Kineto) writes it where there is a
# GPU, made up: operations, calls of CUDA, kernels, copies, arrows, memory. One step is 15 events.
# Times are exact: step I begins at I * 100 us.
import sys

steps = int(sys.argv[1])
out = sys.stdout
out.write('''{
  "schemaVersion": 1,
  "deviceProperties": [
    {
      "id": 0, "name": "Synthetic GPU", "totalGlobalMem": 42505273344,
      "computeMajor": 8, "computeMinor": 0,
      "maxThreadsPerBlock": 1024, "numSms": 108
    }
  ],
  "cupti_version": 22,
  "record_shapes": 1,
  "trace_id": "00000000000000000000000000000000",
  "displayTimeUnit": "ms",
  "baseTimeNanoseconds": 1743521598000000000,
  "traceEvents": [
''')
kernels = [
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, at::detail::Array<char*, 3> >(int, at::native::CUDAFunctor_add<float>, at::detail::Array<char*, 3>)",
    "ampere_sgemm_128x64_tn",
    "void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::MeanOps<float, float, float, float>, unsigned int, float, 4> >(at::native::ReduceOp<float, at::native::MeanOps<float, float, float, float>, unsigned int, float, 4>)",
]
ops = ["aten::add", "aten::linear", "aten::mean"]


def us(ns):
    return "%d.%03d" % (ns // 1000, ns % 1000)


first = 198093488000000000
for i in range(steps):
    t = first + i * 100000
    c = 3 * i + 1
    ext = 2 * i + 1
    kernel = kernels[i % 3]
    parts = ['''  {
    "ph": "X", "cat": "cpu_op", "name": "%s", "pid": 1147039, "tid": 1147039,
    "ts": %s, "dur": %s,
    "args": {
      "External id": %d,"Record function id": 0, "Concrete Inputs": ["", "", "1"], "Input type": ["float", "float", "Scalar"], "Input Strides": [[256, 1], [1], []], "Input Dims": [[%d, 256], [256], []], "Ev Idx": %d
    }
  },
''' % (ops[i % 3], us(t), us(80000 + i % 977), ext, 32 + i % 64, ext - 1)]
    parts.append('''  {
    "ph": "X", "cat": "python_function", "name": "torch/nn/modules/module.py(%d): _call_impl", "pid": 1147039, "tid": 1147039,
    "ts": %s, "dur": %s,
    "args": {
      "Python parent id": %d, "Python id": %d, "Ev Idx": %d
    }
  },
''' % (1500 + i % 40, us(t + 1003), us(60000 + i % 901), i, i + 1, ext))
    parts.append('''  {
    "ph": "i", "cat": "cpu_instant_event", "s": "t", "name": "[memory]",
    "pid": 1147039, "tid": 1147039,
    "ts": %s,
    "args": {
      "Total Reserved": 2097152, "Total Allocated": %d, "Bytes": 1024, "Addr": %d, "Device Id": 0, "Device Type": 1, "Ev Idx": %d
    }
  },
''' % (us(t + 2007), 1024 * (i % 1000), 140000000000000 + 1024 * i, ext))
    for k in range(3):
        start = t + 5000 + 20000 * k
        copy = k == 2
        parts.append('''  {
    "ph": "X", "cat": "cuda_runtime", "name": "%s", "pid": 1147039, "tid": 1147039,
    "ts": %s, "dur": %s,
    "args": {
      "External id": %d, "cbid": %d, "correlation": %d
    }
  },
  {
    "ph": "s", "id": %d, "pid": 1147039, "tid": 1147039, "ts": %s,
    "cat": "ac2g", "name": "ac2g"
  },
''' % ("cudaMemcpyAsync" if copy else "cudaLaunchKernel", us(start), us(4000 + i % 333), ext,
       41 if copy else 211, c + k, c + k, us(start)))
        begin = start + 7001
        if copy:
            parts.append('''  {
    "ph": "X", "cat": "gpu_memcpy", "name": "Memcpy HtoD (Pageable -> Device)", "pid": 0, "tid": 7,
    "ts": %s, "dur": %s,
    "args": {
      "External id": %d,
      "device": 0, "context": 1,
      "stream": 7, "correlation": %d,
      "bytes": %d, "memory bandwidth (GB/s)": %s
    }
  },
''' % (us(begin), us(3000 + i % 555), ext, c + k, 4096 + i % 4096,
       "Infinity" if i % 100 == 0 else "1.36"))
        else:
            parts.append('''  {
    "ph": "X", "cat": "kernel", "name": "%s", "pid": 0, "tid": 7,
    "ts": %s, "dur": %s,
    "args": {
      "External id": %d,
      "queued": 0, "device": 0, "context": 1,
      "stream": 7, "correlation": %d,
      "registers per thread": 32,
      "shared memory": 16384,
      "blocks per SM": 0.59259%d,
      "warps per SM": %s,
      "grid": [%d, 1, 1],
      "block": [128, 1, 1],
      "est. achieved occupancy %%": 0
    }
  },
''' % (kernel, us(begin), us(9000 + i % 777), ext, c + k, i % 10,
       "NaN" if i % 100 == 0 else "2.37037", 64 + i % 16))
        parts.append('''  {
    "ph": "f", "id": %d, "pid": 0, "tid": 7, "ts": %s,
    "cat": "ac2g", "name": "ac2g", "bp": "e"
  },
''' % (c + k, us(begin)))
    out.write("".join(parts))
end = us(first + steps * 100000)
out.write('''  {
    "name": "process_name", "ph": "M", "ts": 198093488000.000, "pid": 1147039, "tid": 0,
    "args": {
      "name": "python3"
    }
  },
  {
    "name": "process_labels", "ph": "M", "ts": 198093488000.000, "pid": 1147039, "tid": 0,
    "args": {
      "labels": "CPU"
    }
  },
  {
    "name": "process_name", "ph": "M", "ts": 198093488000.000, "pid": 0, "tid": 0,
    "args": {
      "name": "python3"
    }
  },
  {
    "name": "thread_name", "ph": "M", "ts": 198093488000.000, "pid": 0, "tid": 7,
    "args": {
      "name": "stream 7 "
    }
  },
  {
    "name": "thread_name", "ph": "M", "ts": 198093488000.000, "pid": 1147039, "tid": 1147039,
    "args": {
      "name": "thread 1147039 (python3)"
    }
  },
  {
    "ph": "X", "cat": "Trace", "ts": 198093488000000.000, "dur": %s,
    "pid": "Spans", "tid": "PyTorch Profiler",
    "name": "PyTorch Profiler (0)",
    "args": {
      "Op count": 0
    }
  },
  {
    "name": "Iteration Start: PyTorch Profiler", "ph": "i", "s": "g",
    "pid": "Traces", "tid": "Trace PyTorch Profiler", "ts": 198093488000000.000
  },
  {
    "name": "Record Window End", "ph": "i", "s": "g",
    "pid": "", "tid": "", "ts": %s
  }
  ],
  "traceName": "synthetic.json"
}
''' % (us(steps * 100000), end))
