# SPDX-License-Identifier: MIT
# Bars of how many events took how long; names stand on top of each other.
if (!DUMB) { set grid ytics back lc rgb '#e0e0e0' lt 1 }
set yrange [0:Y_MAX * 1.03]
if (Y_MAX < 10) { set ytics 1 }
if (DUMB) {
    plot for [i = 1:SERIES] DATA index 'bars' skip 1 \
        using ($5 == i ? $1 : NaN):3:1:2:3:4 with boxxyerror lt i lc rgb COLOR[i]
} else {
    plot DATA index 'bars' skip 1 using 1:3:1:2:3:4:(color($5)) with boxxyerror lc rgb variable
}
