#version 450
// out[i] = factor * in[i] + 1
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer In { uint values[]; } from;
layout(std430, binding = 1) buffer Out { uint values[]; } to;
layout(push_constant) uniform Push { uint factor; } push;
void main()
{
    uint i = gl_GlobalInvocationID.x;
    to.values[i] = push.factor * from.values[i] + 1;
}
