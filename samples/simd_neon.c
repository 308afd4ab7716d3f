/* SPDX-License-Identifier: MIT */
/* simd_neon: y += a * x with NEON, which every aarch64 CPU has, as a block that the compiler's own
 * macros describe. Record it with: rn-record --simd -- simd_neon */
#include "capture/inject/rn_simd.h"

#include <arm_neon.h>
#include <stdio.h>

#define COUNT 4096

static void saxpy(float a, const float *x, float *y, size_t n)
{
    RN_SIMD_BLOCK("saxpy", n, 12 * n, 2 * n);
    float32x4_t factor = vdupq_n_f32(a);

    for (size_t i = 0; i + 4 <= n; i += 4)
        vst1q_f32(y + i, vfmaq_f32(vld1q_f32(y + i), factor, vld1q_f32(x + i)));
    for (size_t i = n / 4 * 4; i < n; i++)
        y[i] += a * x[i];
}

int main(void)
{
    static float x[COUNT], y[COUNT];

    RN_SIMD_DECISION("optimization::dispatch", "saxpy", "aarch64", "neon");
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)i;
    for (int round = 0; round < 10; round++)
        saxpy(0.5f, x, y, COUNT);
    printf("%g\n", (double)y[COUNT - 1]);
    return 0;
}
