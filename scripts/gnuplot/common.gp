# SPDX-License-Identifier: MIT
# What all pictures have in common: title, legend, caption, the axes and the lines around them. Loaded
# before the script of a picture, once for each recording; rn-plot(1) lists the variables that are set.
reset
set encoding utf8
set datafile separator "\t"
set lmargin at screen LEFT
set rmargin at screen RIGHT
set tmargin at screen TOP
set bmargin at screen BOTTOM
set border 3 lc rgb '#444444'
set tics out nomirror textcolor rgb '#222222'
unset key
set style fill solid 1.0 noborder

# On a terminal a series is a character, that of the line type with its number.
mark(i) = substr('*#$%@&=', (int(i) - 1) % 7 + 1, (int(i) - 1) % 7 + 1)

# A unit a line: title, legend, below them the drawing; the caption at the bottom.
set label 1 TITLE at screen FROM + CHARACTER, 1 - 1.1 * LINE left noenhanced font LARGE
set label 2 CAPTION at screen FROM + CHARACTER, 1.75 * LINE left noenhanced textcolor rgb '#444444'
set label 3 FACTS at screen FROM + CHARACTER, 0.65 * LINE left noenhanced textcolor rgb '#444444'
do for [i = 1:SERIES] {
    at = 1 - (1.9 + 1.2 * (LEGEND_LINE[i] - 0.4)) * LINE
    entry = DUMB ? mark(i).' '.NAME[i] : NAME[i]
    set label 100 + i entry \
        at screen LEGEND_X[i] + (DUMB ? 0 : 2 * CHARACTER), at left noenhanced
    if (!DUMB) {
        set object 100 + i rectangle from screen LEGEND_X[i], at - 0.35 * LINE \
            to screen LEGEND_X[i] + 1.4 * CHARACTER, at + 0.35 * LINE \
            fillcolor rgb COLOR[i] fillstyle solid noborder
    }
}

# How long a text of a table is when it is shown: its backslashes are still double.
shown(s) = strlen(s) - (sum [k = 1:strlen(s)] (substr(s, k, k) eq '\' ? 1 : 0)) / 2
short(s) = shown(s) > LABELS ? substr(s, 1, LABELS - 3).'...' : s

# The colour of a series, for `lc rgb variable`.
color(i) = i >= 1 && i <= SERIES ? COLOR[int(i)] : 0

if (X_USED) {
    set xlabel X_LABEL offset 0, 0.3 noenhanced
    set xrange [X_MIN:X_MAX]
    if (X_LOG) {
        set logscale x
        set xtics ()
        do for [i = 1:X_TICS] { set xtics add (X_TIC[i] X_AT[i]) }
    }
}
if (Y_USED) {
    set ylabel Y_LABEL noenhanced
    set yrange [Y_MIN:Y_MAX]
    if (Y_LOG) {
        set logscale y
        set ytics ()
        do for [i = 1:Y_TICS] { set ytics add (Y_TIC[i] Y_AT[i]) }
    }
}
