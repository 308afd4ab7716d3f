# SPDX-License-Identifier: MIT
# formats/syscalls.def and formats/syscall_numbers_*.def to C.
#   awk -f gen_syscalls.awk formats/xlat/*.in formats/syscalls.def formats/syscall_numbers_*.def
# The grammar is at the top of syscalls.def.

function fail(message) {
    print FILENAME ":" FNR ": " message > "/dev/stderr"
    failed = 1
    exit 1
}

# Size of each struct type, or of one element: with 64-bit and with 32-bit longs.
function struct_size(type, size64, size32, c_type) {
    size_64[type] = size64
    size_32[type] = size32
    struct_name[type] = toupper(c_type == "" ? type : c_type)
}

BEGIN {
    struct_size("int", 4, 4)
    struct_size("bytes", 1, 1)
    struct_size("timespec", 16, 8)
    struct_size("timespec64", 16, 16, "timespec")
    struct_size("timeval", 16, 8)
    struct_size("timespec_pair", 32, 16)
    struct_size("timespec64_pair", 32, 32, "timespec_pair")
    struct_size("timeval_pair", 32, 16)
    struct_size("itimerspec", 32, 16)
    struct_size("itimerspec64", 32, 32, "itimerspec")
    struct_size("itimerval", 32, 16)
    struct_size("pollfd", 8, 8)
    struct_size("epoll_event", 12, 12)
    struct_size("open_how", 24, 24)
    struct_size("clone_args", 1, 1)
    struct_size("sigaction", 32, 20)
    struct_size("sigset", 8, 8)
    struct_size("siginfo", 32, 28)
    struct_size("stack", 24, 12)
    struct_size("rlimit", 16, 8)
    struct_size("rlimit64", 16, 16, "rlimit")
    struct_size("flock", 32, 16)
    struct_size("wait_status", 4, 4)
    struct_size("offset", 8, 8)
    struct_size("fd_set", 128, 128)
    struct_size("cpu_set", 1, 1)
    struct_size("winsize", 8, 8)
    struct_size("sembuf", 6, 6)
    struct_size("io_uring_params", 120, 120)
    iovec_64 = 16; iovec_32 = 8
    msghdr_64 = 56; msghdr_32 = 28
    mmsghdr_64 = 64; mmsghdr_32 = 32
    abis = split("x86_64 i386 x32 aarch64", abi_names, " ")
    infos = 0
}

FNR == 1 {
    table = FILENAME
    sub(/.*\//, "", table)
    is_xlat = table ~ /\.in$/
    abi = ""
    if (table ~ /^syscall_numbers_/) {
        abi = table
        sub(/^syscall_numbers_/, "", abi)
        sub(/\.def$/, "", abi)
    }
    sub(/\.in$/, "", table)
}
{ sub(/#.*/, "") }
NF == 0 { next }

is_xlat {
    xlat[table, $1] = $2
    xlat_tables[table] = 1
    next
}

# One number: the call's own entry for this ABI, else the common one.
abi != "" {
    if (NF != 2 || $1 !~ /^[0-9]+$/)
        fail("expected NUMBER NAME")
    entry = ($2 "@" abi) in base_line ? $2 "@" abi : $2
    if (!(entry in base_line))
        fail("no entry for " $2 " in syscalls.def")
    used[entry] = 1
    width = abi == "i386" || (abi == "x32" && $1 >= 512) ? 32 : 64
    number_info[abi, $1] = info_of(entry, width)
    if ($1 >= number_limit[abi])
        number_limit[abi] = $1 + 1
    next
}

# syscalls.def
{
    if (NF < 3)
        fail("expected NAME CLASSES RETURN ARGUMENT...")
    name = $1
    if (match(name, /\{.*\}$/)) {
        select = substr(name, RSTART + 1, RLENGTH - 2)
        name = substr(name, 1, RSTART - 1)
        if (name != last_base)
            fail("a variant must follow its call")
        n = ++variants[name]
        variant_line[name, n] = $0
        variant_select[name, n] = select
    } else {
        if (name in base_line)
            fail(name " is there twice")
        base_line[name] = $0
        base_place[name] = FILENAME ":" FNR
        last_base = name
    }
}

# The table index of an entry in a width; emits it (and its variants) when first asked for. Widths
# share one entry where no size differs.
function info_of(entry, width,   i, body, key) {
    if (width == 32 && !differs(entry))
        width = 64
    key = entry "/" width
    if (key in info_index)
        return info_index[key]
    info_index[key] = ++infos
    info_text[infos] = info_body(entry, base_line[entry], width, variants[entry] + 0, "")
    body = infos
    for (i = 1; i <= variants[entry]; i++)
        info_text[++infos] = info_body(entry, variant_line[entry, i], width, 0, variant_select[entry, i])
    return body
}

function differs(entry,   i, found) {
    found = sizes_differ(base_line[entry])
    for (i = 1; i <= variants[entry]; i++)
        found = found || sizes_differ(variant_line[entry, i])
    return found
}

function sizes_differ(line,   fields, n, i, parts) {
    n = split(line, fields, " ")
    for (i = 4; i <= n; i++) {
        parse_arg(fields[i], parts)
        if (arg_bytes(parts, 64) != arg_bytes(parts, 32))
            return 1
    }
    return 0
}

# name:type(detail)[size]
function parse_arg(text, parts,   rest) {
    parts["size"] = ""; parts["detail"] = ""
    rest = text
    if (match(rest, /\[[a-z_0-9]+\]$/)) {
        parts["size"] = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, 1, RSTART - 1)
    }
    if (match(rest, /\([a-z_0-9*:]+\)$/)) {
        parts["detail"] = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, 1, RSTART - 1)
    }
    if (rest !~ /^[a-z_0-9]+:[a-z_]+$/)
        fail("bad argument '" text "'")
    parts["name"] = rest; sub(/:.*/, "", parts["name"])
    parts["type"] = rest; sub(/.*:/, "", parts["type"])
}

function arg_bytes(parts, width,   type, detail, count) {
    type = parts["type"]
    if (type ~ /^iovec_/)
        return width == 64 ? iovec_64 : iovec_32
    if (type ~ /^msghdr_/)
        return width == 64 ? msghdr_64 : msghdr_32
    if (type ~ /^mmsghdr_/)
        return width == 64 ? mmsghdr_64 : mmsghdr_32
    if (type == "fdpair_out")
        return 8
    if (type !~ /^struct_/)
        return 0
    detail = parts["detail"]
    count = 1
    if (match(detail, /:[0-9]+$/))
        return substr(detail, RSTART + 1) + 0
    if (match(detail, /\*[0-9]+$/)) {
        count = substr(detail, RSTART + 1)
        detail = substr(detail, 1, RSTART - 1)
    }
    if (!(detail in size_64))
        fail("unknown struct '" detail "'")
    return count * (width == 64 ? size_64[detail] : size_32[detail])
}

function arg_struct(parts,   detail) {
    if (parts["type"] ~ /^m?msghdr_/)
        return "RN_STRUCT_MSGHDR"
    if (parts["type"] ~ /^iovec_/)
        return "RN_STRUCT_IOVEC"
    if (parts["type"] == "fdpair_out")
        return "RN_STRUCT_INT"
    if (parts["type"] !~ /^struct_/)
        return "RN_STRUCT_RAW"
    detail = parts["detail"]
    sub(/[*:].*/, "", detail)
    return "RN_STRUCT_" struct_name[detail]
}

function arg_xlat(parts) {
    if (parts["type"] != "flags" && parts["type"] != "enum")
        return "RN_XLAT_NONE"
    if (!(parts["detail"] in xlat_tables))
        fail("no table formats/xlat/" parts["detail"] ".in")
    return "RN_XLAT_" toupper(parts["detail"])
}

function class_bits(list,   names, n, i, text) {
    if (list == "-")
        return "0"
    n = split(list, names, ",")
    for (i = 1; i <= n; i++)
        text = text (i > 1 ? " | " : "") "RN_CLASS_" toupper(names[i])
    return text
}

function info_body(entry, line, width, variant_count, select,   fields, n, i, parts, name, text, arg_index, details) {
    n = split(line, fields, " ")
    if (n > 9)
        fail(entry " has more than six arguments")
    name = entry
    sub(/@.*/, "", name)
    for (i = 4; i <= n; i++) {
        parse_arg(fields[i], parts)
        arg_index[parts["name"]] = i - 4
        details[parts["name"]] = parts["type"] == "ioctl" ? "ioctl" : parts["detail"]
    }
    text = sprintf("    [%d] = {\"%s\", %d, RN_RETURN_%s, %s,\n     {", infos, name, n - 3, \
                   toupper(fields[3]), class_bits(fields[2]))
    for (i = 4; i <= n; i++) {
        parse_arg(fields[i], parts)
        if (parts["size"] == "")
            parts["size"] = "RN_ARG_NONE"
        else if (parts["size"] == "ret")
            parts["size"] = "RN_ARG_RETURN"
        else if (parts["size"] in arg_index)
            parts["size"] = arg_index[parts["size"]]
        else
            fail(entry ": no argument '" parts["size"] "'")
        text = text sprintf("%s{\"%s\", RN_TYPE_%s, %s, %s, %s, %d}", i > 4 ? ",\n      " : "", \
                            parts["name"], toupper(parts["type"]), parts["size"], arg_struct(parts), \
                            arg_xlat(parts), arg_bytes(parts, width))
    }
    text = text "},\n     " variant_count ", " select_body(entry, select, arg_index, details) "},\n"
    return text
}

# "arg&mask=V|V" to: argument, count of values, mask, values.
function select_body(entry, select, arg_index, details,   arg, mask, values, n, i, list, value) {
    if (select == "")
        return "0, 0, 0, NULL"
    arg = select; sub(/[&=].*/, "", arg)
    mask = "0xffffffff"
    if (match(select, /&[0-9a-fx]+=/))
        mask = substr(select, RSTART + 1, RLENGTH - 2)
    if (!(arg in arg_index))
        fail(entry ": no argument '" arg "' to select by")
    sub(/^[^=]*=/, "", select)
    n = split(select, values, "|")
    for (i = 1; i <= n; i++) {
        value = values[i]
        if (value !~ /^[0-9]/) {
            if (!((details[arg], value) in xlat))
                fail(entry ": '" value "' is not in formats/xlat/" details[arg] ".in")
            value = xlat[details[arg], value]
        }
        list = list (i > 1 ? ", " : "") value
    }
    selects++
    select_text = select_text sprintf("static const uint64_t select_%d[] = {%s};\n", selects, list)
    return sprintf("%d, %d, %s, select_%d", arg_index[arg], n, mask, selects)
}

END {
    if (failed)
        exit 1
    for (entry in base_line)
        if (!(entry in used)) {
            print base_place[entry] ": " entry " has no number in any ABI" > "/dev/stderr"
            exit 1
        }
    print "/* Made by scripts/gen_syscalls.awk. */\n#include \"formats/gen_tables.h\"\n\n#include <stddef.h>\n"
    print select_text "\nconst struct rn_syscall_info rn_syscall_infos[] = {"
    for (i = 1; i <= infos; i++)
        printf "%s", info_text[i]
    print "};\n"
    for (a = 1; a <= abis; a++) {
        printf "static const uint16_t numbers_%s[] = {\n", abi_names[a]
        for (i = 0; i < number_limit[abi_names[a]]; i++)
            if ((abi_names[a], i) in number_info)
                printf "    [%d] = %d,\n", i, number_info[abi_names[a], i]
        print "};"
    }
    print "\nconst struct rn_syscall_numbers rn_syscall_numbers[RN_ABI_COUNT] = {"
    for (a = 1; a <= abis; a++)
        printf "    [RN_ABI_%s] = {numbers_%s, %d},\n", toupper(abi_names[a]), abi_names[a], number_limit[abi_names[a]]
    print "};"
}
