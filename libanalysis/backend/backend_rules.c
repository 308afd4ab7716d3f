/* SPDX-License-Identifier: MIT */
/* What to do where nothing is known. */
#include "rn_backend.h"

#include <string.h>

#define SMALL              1000u
#define MATRIX_TO_GPU      10000u
#define CONVOLUTION_TO_GPU 1000u

/* The first word that is part of the name decides; longer words stand before those that are part of
 * them. */
static const struct {
    const char *word;
    enum rn_backend_class class_of;
} words[] = {
    {"conv", RN_BACKEND_CONVOLUTION},    {"pool", RN_BACKEND_CONVOLUTION},
    {"stencil", RN_BACKEND_CONVOLUTION}, {"gemm", RN_BACKEND_MATRIX},
    {"gemv", RN_BACKEND_MATRIX},         {"matmul", RN_BACKEND_MATRIX},
    {"matrix", RN_BACKEND_MATRIX},       {"symm", RN_BACKEND_MATRIX},
    {"syrk", RN_BACKEND_MATRIX},         {"trsm", RN_BACKEND_MATRIX},
    {"trmm", RN_BACKEND_MATRIX},         {"softmax", RN_BACKEND_REDUCTION},
    {"sum", RN_BACKEND_REDUCTION},       {"dot", RN_BACKEND_REDUCTION},
    {"reduce", RN_BACKEND_REDUCTION},    {"norm", RN_BACKEND_REDUCTION},
    {"mean", RN_BACKEND_REDUCTION},      {"argm", RN_BACKEND_REDUCTION},
    {"largest", RN_BACKEND_REDUCTION},   {"axpy", RN_BACKEND_VECTOR},
    {"scal", RN_BACKEND_VECTOR},         {"copy", RN_BACKEND_VECTOR},
    {"add", RN_BACKEND_VECTOR},          {"mul", RN_BACKEND_VECTOR},
    {"vector", RN_BACKEND_VECTOR},       {"relu", RN_BACKEND_VECTOR},
    {"sigmoid", RN_BACKEND_VECTOR},      {"map", RN_BACKEND_VECTOR},
};

enum rn_backend_class rn_backend_class_of(const char *operation)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(operation, words[i].word))
            return words[i].class_of;
    return RN_BACKEND_IRREGULAR;
}

enum rn_backend_use rn_backend_rule(enum rn_backend_class class_of, uint64_t elements)
{
    if (class_of == RN_BACKEND_IRREGULAR || elements < SMALL)
        return RN_BACKEND_USE_SCALAR;
    if (class_of == RN_BACKEND_MATRIX && elements > MATRIX_TO_GPU)
        return RN_BACKEND_USE_GPU;
    if (class_of == RN_BACKEND_CONVOLUTION && elements > CONVOLUTION_TO_GPU)
        return RN_BACKEND_USE_GPU;
    return RN_BACKEND_USE_SIMD;
}

const char *rn_backend_class_name(enum rn_backend_class class_of)
{
    static const char *const names[] = {"irregular", "vector", "reduction", "matrix",
                                        "convolution"};

    return (unsigned)class_of < sizeof names / sizeof names[0] ? names[class_of] : "?";
}

const char *rn_backend_source_name(enum rn_backend_source source)
{
    static const char *const names[RN_BACKEND_SOURCES] = {"built-in rule", "policy",
                                                          "policy, habit", "measured", "exploring"};

    return (unsigned)source < RN_BACKEND_SOURCES ? names[source] : "?";
}
