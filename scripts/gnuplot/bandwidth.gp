# SPDX-License-Identifier: MIT
# Bytes a second over time, by direction; below, bandwidth of transfers by their size: median, and
# the range of eight of ten, at the mean of the sizes that are put together.
x(ns) = ns / X_SCALE
# What is drawn first is wider: it is seen where others lie on it.
split = BOTTOM + (TOP - BOTTOM) * (Y2_USED ? 0.55 : 0)
if (!DUMB) { set grid ytics back lc rgb '#e0e0e0' lt 1 }
set yrange [0:Y_MAX * 1.03]
if (Y2_USED) { set bmargin at screen split + 2.4 * LINE }
plot for [i = 1:SERIES] DATA index 'time' skip 1 \
    using ($4 == i ? x($1) : NaN):($3 / Y_SCALE) with steps lt i lw 1.2 * (SERIES - i + 1) lc rgb COLOR[i]
if (Y2_USED) {
    unset label
    unset object
    set tmargin at screen split - 1.6 * LINE
    set bmargin at screen BOTTOM
    set logscale xy
    set xlabel X2_LABEL offset 0, 0.3 noenhanced
    set ylabel Y2_LABEL noenhanced
    set xrange [X2_MIN:X2_MAX]
    set yrange [Y2_MIN:Y2_MAX]
    set xtics ()
    set ytics ()
    do for [i = 1:X2_TICS] { set xtics add (X2_TIC[i] X2_AT[i]) }
    do for [i = 1:Y2_TICS] { set ytics add (Y2_TIC[i] Y2_AT[i]) }
    plot for [i = 1:SERIES] DATA index 'sizes' skip 1 \
        using ($7 == i ? $8 : NaN):3:4:5 \
        with yerrorbars pt 7 ps 0.9 lw 1.5 lc rgb COLOR[i]
}
