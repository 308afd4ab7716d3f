/* SPDX-License-Identifier: MIT */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_version.h>
#include <stdio.h>

int main(void)
{
    return printf("%s\n", gsl_version) < 0 || gsl_cdf_ugaussian_P(0) != 0.5;
}
