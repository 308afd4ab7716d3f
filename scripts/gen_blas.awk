# SPDX-License-Identifier: MIT
# Wrappers of BLAS functions from capture/inject/blas.def.
function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}
function real_of(precision) {
    return precision == "s" || precision == "c" ? "float" : "double"
}
function is_complex(precision) {
    return precision == "c" || precision == "z"
}
# The C type of an argument of cblas and of Fortran.
function cblas_type(type, precision) {
    if (type == "o" || type == "e" || type == "i") return "int"
    if (type == "r") return real_of(precision)
    if (type == "s") return is_complex(precision) ? "const void *" : real_of(precision)
    return "void *"
}
function fortran_type(type) {
    if (type == "e") return "const char *"
    return type == "i" ? "const int *" : "void *"
}
function result_type(returns, precision, fortran) {
    if (returns == "r") return real_of(precision)
    if (returns == "i") return fortran ? "int" : "size_t"
    if (returns == "s") return real_of(precision) (is_complex(precision) ? " _Complex" : "")
    return "void"
}
# Which expressions need which locals: those that they name.
function names(expression, name) {
    return (" " expression " ") ~ ("[^a-z0-9_]" name "[^a-z0-9_]")
}
function wrapper(symbol, operation, precision, fortran,    i, parts, declared, passed, types, hidden,
                 result, locals, all, type, name, size) {
    declared = passed = types = hidden = locals = ""
    all = elements " " words " " flops
    for (i = 1; i <= count; i++) {
        split(argument[i], parts, ":")
        name = parts[1]
        type = parts[2]
        if (fortran && type == "o") continue
        declared = declared ", " (fortran ? fortran_type(type) : cblas_type(type, precision)) " p_" name
        types = types ", " (fortran ? fortran_type(type) : cblas_type(type, precision))
        passed = passed ", p_" name
        if (fortran && type == "e") hidden = hidden ", size_t l_" name
        if (type == "i" && names(all, name))
            locals = locals "    const uint64_t " name " = rn_blas_size(" (fortran ? "*" : "") "p_" name ");\n"
        if (name == "side" && names(all, "left"))
            locals = locals "    const int left = " (fortran ? "(*p_side | 32) == 'l'" : "p_side == 141") ";\n"
    }
    if (hidden != "") {
        declared = declared hidden
        while (match(hidden, /l_[a-z]+/)) {
            passed = passed ", " substr(hidden, RSTART, RLENGTH)
            types = types ", size_t"
            hidden = substr(hidden, RSTART + RLENGTH)
        }
    }
    result = result_type(returns, precision, fortran)
    size = (precision == "s" ? 4 : precision == "z" ? 16 : 8)
    printf "%s %s(%s);\n%s %s(%s)\n{\n", "RN_BLAS_EXPORT " result, symbol, substr(declared, 3),
           result, symbol, substr(declared, 3)
    printf "    static struct rn_blas_function function = RN_BLAS_FUNCTION(\"%s\", \"%s\");\n", symbol, operation
    printf "    typedef %s real_fn(%s);\n", result, substr(types, 3)
    print "    struct rn_simd_block block;"
    printf "    real_fn *real = (real_fn *)rn_blas_find(&function, __builtin_return_address(0));\n"
    printf "%s", locals
    if (result != "void") printf "    %s result;\n", result
    printf "\n    if (!rn_blas_begin(&function, &block, %s, %d * (%s), %s(%s)))\n", elements, size, words,
           (is_complex(precision) ? "4 * " : ""), flops
    printf "        %sreal(%s);\n", (result == "void" ? "" : "return "), substr(passed, 3)
    if (result == "void") {
        print "    else {"
        printf "        real(%s);\n        rn_blas_end(&block);\n    }\n}\n\n", substr(passed, 3)
    } else {
        printf "    result = real(%s);\n    rn_blas_end(&block);\n    return result;\n}\n\n", substr(passed, 3)
    }
}
BEGIN {
    FS = ";"
    print "/* Made by scripts/gen_blas.awk from capture/inject/blas.def. */"
    print "#include \"capture/inject/blas_call.h\"\n"
}
/^[ \t]*(#|$)/ { next }
{
    returns = trim($2)
    count = split(trim($3), argument, ",")
    elements = trim($4); words = trim($5); flops = trim($6)
    total = split(trim($1), entry, ",")
    for (e = 1; e <= total; e++) {
        split(entry[e], pair, "/")
        operation = pair[1]
        sub(/_sub$/, "", operation)
        # c: cblas only; s: Fortran only.
        if (returns != "s") wrapper("cblas_" pair[1], operation, pair[2], 0)
        if (returns != "c") wrapper(pair[1] "_", operation, pair[2], 1)
    }
}
