/* SPDX-License-Identifier: MIT */
/* blas_calls: some calls of BLAS and FFTW; prints how many, NAME COUNT, and results that a recorder
 * must not change. blas_calls time SIZE: the time of one dgemm of that size, in ns, the best of
 * some; blas_calls flood COUNT: the time of one ddot of 100 numbers, of so many. */
#include <cblas.h>
#include <fftw3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIZE 48
#define TINY 100

void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *,
            const double *, const int *, const double *, const int *, const double *, double *,
            const int *);
double ddot_(const int *, const double *, const int *, const double *, const int *);
void dtrsm_(const char *, const char *, const char *, const char *, const int *, const int *,
            const double *, const double *, const int *, double *, const int *);

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double *numbers(size_t count)
{
    double *made = malloc(count * sizeof(*made));

    for (size_t i = 0; i < count; i++)
        made[i] = 1 + (double)(i % 17);
    return made;
}

static void dgemm(int n, const double *a, const double *b, double *c)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}

static void time_dgemm(int n)
{
    size_t count = (size_t)n * (size_t)n;
    double *a = numbers(count), *b = numbers(count), *c = numbers(count);
    int calls = 20000000 / n / n / n + 3;
    uint64_t best = UINT64_MAX;

    for (int round = 0; round < 7; round++) {
        uint64_t start = now_ns(), time;

        for (int i = 0; i < calls; i++)
            dgemm(n, a, b, c);
        time = now_ns() - start;
        best = time < best ? time : best;
    }
    printf("%.1f\n", (double)best / calls);
}

static void flood(int count)
{
    double *x = numbers(TINY), sum = 0;
    uint64_t best = UINT64_MAX;

    for (int round = 0; round < 5; round++) {
        uint64_t start = now_ns(), time;

        for (int i = 0; i < count / 5; i++)
            sum += cblas_ddot(TINY, x, 1, x, 1);
        time = now_ns() - start;
        best = time < best ? time : best;
    }
    printf("%.2f\n", (double)best / (count / 5));
    if (sum < 0)
        puts("never");
}

static void fortran(double *a, double *b, double *c)
{
    const int n = SIZE, one = 1;
    const double factor = 1, zero = 0;

    dgemm_("N", "T", &n, &n, &n, &factor, a, &n, b, &n, &zero, c, &n);
    dtrsm_("L", "U", "N", "N", &n, &n, &factor, a, &n, c, &n);
    printf("ddot %g\n", ddot_(&n, a, &one, b, &one));
}

static void transform(void)
{
    double *in = fftw_alloc_real(2 * 256), *out = fftw_alloc_real(2 * 256);
    fftw_plan plan =
        fftw_plan_dft_1d(256, (fftw_complex *)in, (fftw_complex *)out, FFTW_FORWARD, FFTW_ESTIMATE);

    for (int i = 0; i < 2 * 256; i++)
        in[i] = i;
    fftw_execute(plan);
    fftw_execute(plan);
    printf("fft %g\n", out[0]);
    fftw_destroy_plan(plan);
    fftw_free(in);
    fftw_free(out);
}

static void calls(void)
{
    double *a = numbers(SIZE * SIZE), *b = numbers(SIZE * SIZE), *c = numbers(SIZE * SIZE);

    for (int i = 0; i < SIZE; i++)
        a[i * SIZE + i] = 20;
    dgemm(SIZE, a, b, c);
    cblas_daxpy(SIZE, 2, a, 1, b, 1);
    cblas_dscal(SIZE, 2, b, 1);
    cblas_dgemv(CblasColMajor, CblasTrans, SIZE, SIZE, 1, a, SIZE, b, 1, 0, c, 1);
    fortran(a, b, c);
    printf("dnrm2 %g idamax %d\n", cblas_dnrm2(SIZE, c, 1), (int)cblas_idamax(SIZE, a, 1));
    transform();
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "time") == 0)
        time_dgemm(atoi(argv[2]));
    else if (argc > 2 && strcmp(argv[1], "flood") == 0)
        flood(atoi(argv[2]));
    else
        calls();
    return 0;
}
