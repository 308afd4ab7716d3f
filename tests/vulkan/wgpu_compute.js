// SPDX-License-Identifier: MIT
// A product of matrices and a sum by WebGPU: prints both, as worked out by the device, and "correct" if
// they are what the CPU says.
const SIZE = 64, COUNT = 4096, GROUP = 64;

const shader = `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(8, 8)
fn multiply(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0.0;
    for (var k = 0u; k < ${SIZE}u; k++) {
        sum += a[id.y * ${SIZE}u + k] * b[k * ${SIZE}u + id.x];
    }
    c[id.y * ${SIZE}u + id.x] = sum;
}

var<workgroup> partial: array<f32, ${GROUP}>;
@compute @workgroup_size(${GROUP})
fn reduce(@builtin(global_invocation_id) id: vec3<u32>,
          @builtin(local_invocation_index) local: u32,
          @builtin(workgroup_id) group: vec3<u32>) {
    partial[local] = a[id.x] + b[0] * 0.0;
    workgroupBarrier();
    for (var step = ${GROUP / 2}u; step > 0u; step /= 2u) {
        if (local < step) {
            partial[local] += partial[local + step];
        }
        workgroupBarrier();
    }
    if (local == 0u) {
        c[group.x] = partial[0];
    }
}`;

const adapter = await navigator.gpu?.requestAdapter();
if (!adapter) {
    console.log("no adapter");
    Deno.exit(77);
}
const device = await adapter.requestDevice();
const module = device.createShaderModule({ code: shader });

function storage(values) {
    const buffer = device.createBuffer({
        size: COUNT * 4,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    if (values) device.queue.writeBuffer(buffer, 0, new Float32Array(values));
    return buffer;
}

function dispatch(encoder, entryPoint, buffers, ...groups) {
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint } });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }));
    pass.dispatchWorkgroups(...groups);
    pass.end();
}

async function read(encoder, buffer) {
    const down = device.createBuffer({
        size: COUNT * 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    encoder.copyBufferToBuffer(buffer, 0, down, 0, COUNT * 4);
    device.queue.submit([encoder.finish()]);
    await down.mapAsync(GPUMapMode.READ);
    return new Float32Array(down.getMappedRange().slice(0));
}

const left = Array.from({ length: COUNT }, (_, i) => i % 7);
const right = Array.from({ length: COUNT }, (_, i) => i % 5);
const [a, b, c] = [storage(left), storage(right), storage()];

let encoder = device.createCommandEncoder();
dispatch(encoder, "multiply", [a, b, c], SIZE / 8, SIZE / 8);
const product = await read(encoder, c);

// The sum of the left matrix: in two steps.
const [partial, total] = [storage(Array(COUNT).fill(0)), storage()];
encoder = device.createCommandEncoder();
dispatch(encoder, "reduce", [a, b, partial], COUNT / GROUP);
dispatch(encoder, "reduce", [partial, b, total], 1);
const sum = (await read(encoder, total))[0];

let correct = sum === left.reduce((x, y) => x + y, 0);
for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
        let wanted = 0;
        for (let k = 0; k < SIZE; k++) wanted += left[row * SIZE + k] * right[k * SIZE + column];
        correct &&= product[row * SIZE + column] === wanted;
    }
}
console.log(product[0], product[COUNT - 1], sum, correct ? "correct" : "wrong");
