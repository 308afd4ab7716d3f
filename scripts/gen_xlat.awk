# SPDX-License-Identifier: MIT
# formats/xlat/*.in to C.  awk -f gen_xlat.awk -v out=header|source FILES
#
# A file is one table. Its first line that is no comment says what it is:
#   table flags     names of bits; NAME VALUE [MASK]: shown where (value & MASK) == VALUE. MASK is
#                   VALUE itself unless given: give it for fields of several bits and for names of
#                   zero, which come first. Names are tried in order, and bits are shown once.
#   table enum      NAME VALUE
#   table index     NAME VALUE [TEXT...]: small decimal values, looked up directly
# Values are C expressions without spaces. Lines are comments from '#' on.

function fail(message) {
    print FILENAME ":" FNR ": " message > "/dev/stderr"
    failed = 1
    exit 1
}

FNR == 1 {
    table = FILENAME
    sub(/.*\//, "", table)
    sub(/\.in$/, "", table)
    tables[++count] = table
}
{ sub(/#.*/, "") }
NF == 0 { next }
$1 == "table" {
    if (NF != 2 || $2 !~ /^(flags|enum|index)$/)
        fail("bad table line")
    kind[table] = $2
    next
}
!(table in kind) { fail("no table line before the first name") }
NF < 2 || $1 !~ /^[A-Za-z_][A-Za-z_0-9]*$/ { fail("expected NAME VALUE") }
(table, $1) in seen { fail("name " $1 " is there twice") }
{
    seen[table, $1] = 1
    if (kind[table] == "index") {
        text = $0
        sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]*/, "", text)
        sub(/[ \t]+$/, "", text)
        line = "    [" $2 "] = {\"" $1 "\", " $2 ", 0, " (text == "" ? "NULL" : "\"" text "\"") "},"
    } else {
        mask = kind[table] == "enum" ? 0 : NF > 2 ? $3 : $2
        line = "    {\"" $1 "\", " $2 ", " mask ", NULL},"
    }
    rows[table] = rows[table] line "\n"
}

function header(   i) {
    print "/* Made by scripts/gen_xlat.awk. */"
    print "#ifndef RN_XLAT_IDS_GEN_H\n#define RN_XLAT_IDS_GEN_H\n\nenum rn_xlat_id {\n    RN_XLAT_NONE = 0,"
    for (i = 1; i <= count; i++)
        print "    RN_XLAT_" toupper(tables[i]) ","
    print "    RN_XLAT_COUNT\n};\n\n#endif"
}

function source(   i) {
    print "/* Made by scripts/gen_xlat.awk. */\n#include \"formats/gen_tables.h\"\n"
    for (i = 1; i <= count; i++)
        printf "static const struct rn_xlat_entry %s[] = {\n%s};\n", "table_" tables[i], rows[tables[i]]
    print "\n#define COUNT(array) (sizeof(array) / sizeof((array)[0]))\n"
    print "const struct rn_xlat_table rn_xlat_tables[RN_XLAT_COUNT] = {"
    for (i = 1; i <= count; i++)
        printf "    [RN_XLAT_%s] = {table_%s, COUNT(table_%s), RN_XLAT_KIND_%s},\n", \
            toupper(tables[i]), tables[i], tables[i], toupper(kind[tables[i]])
    print "};"
}

END {
    if (failed)
        exit 1
    if (out == "header")
        header()
    else
        source()
}
