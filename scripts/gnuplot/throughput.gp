# SPDX-License-Identifier: MIT
# Events a second, kinds of work on top of each other; below, bytes a second.
x(ns) = ns / X_SCALE
seam = (X_MAX - X_MIN) / 1500
split = BOTTOM + (TOP - BOTTOM) * (Y2_USED ? 0.5 : 0)
if (!DUMB) { set grid ytics back lc rgb '#e0e0e0' lt 1 }
set yrange [0:Y_MAX * 1.03]
if (Y2_USED) {
    set bmargin at screen split + 1.2 * LINE
    unset xlabel
    set format x ''
}
y(rate) = rate / Y_SCALE
if (DUMB) {
    plot for [i = 1:SERIES] DATA index 'events' skip 1 \
        using ($5 == i ? x($1) : NaN):(y($3)):(x($1)):(x($2)):(y($3)):(y($4)) \
        with boxxyerror lt i lc rgb COLOR[i]
} else {
    plot DATA index 'events' skip 1 \
        using (x($1)):(y($3)):(x($1)):(x($2) + seam):(y($3)):(y($4)):(color($5)) \
        with boxxyerror lc rgb variable
}
if (Y2_USED) {
    unset label
    unset object
    set tmargin at screen split - 0.8 * LINE
    set bmargin at screen BOTTOM
    set xlabel X_LABEL offset 0, 0.3 noenhanced
    set format x '%h'
    set ylabel Y2_LABEL noenhanced
    set yrange [0:Y2_MAX * 1.03]
    plot for [i = 1:SERIES] DATA index 'bytes' skip 1 \
        using ($4 == i ? x($1) : NaN):($3 / Y2_SCALE) with steps lt i lw 1.5 lc rgb COLOR[i]
}
