# SPDX-License-Identifier: MIT
# An operation a panel: curves with a band of 90 %, the points that they rest on, and where one backend
# gives way to another, with the interval in which that may lie.
operations = ROWS_OF_operations
across = operations > 4 ? 3 : operations > 1 ? 2 : 1
down = (operations + across - 1) / across
wide = (RIGHT - LEFT + 12 * CHARACTER) / across
high = (TOP - BOTTOM + 4 * LINE) / down
if (!DUMB) { set grid xtics ytics back lc rgb '#e0e0e0' lt 1 }
do for [o = 1:operations] {
    column = (o - 1) % across
    row = (o - 1) / across
    set lmargin at screen LEFT + column * wide
    set rmargin at screen LEFT + (column + 1) * wide - 12 * CHARACTER
    set tmargin at screen TOP - row * high - 0.6 * LINE
    set bmargin at screen TOP - (row + 1) * high + 4 * LINE
    set label 4 OPERATION[o] at graph 0.03, 0.95 left noenhanced font LARGE
    plot for [i = 1:SERIES] DATA index 'curves' skip 1 \
             using ($5 == i && $6 == o ? $1 : NaN):3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb COLOR[i], \
         for [i = 1:SERIES] '' index 'curves' skip 1 \
             using ($5 == i && $6 == o ? $1 : NaN):2 with lines lt i lw 2 lc rgb COLOR[i], \
         for [i = 1:SERIES] '' index 'points' skip 1 \
             using ($5 == i && $6 == o && !DUMB ? $1 : NaN):2 with points pt 7 ps 0.5 lc rgb COLOR[i], \
         '' index 'crossovers' skip 1 using ($6 == o ? $2 : NaN):4:($3 - $2):(0) \
             with vectors heads size graph 0.008,90 lw 2 lc rgb '#000000', \
         '' index 'crossovers' skip 1 using ($6 == o && !DUMB ? $1 : NaN):4 \
             with points pt 6 ps 1.4 lw 1.5 lc rgb '#000000'
    unset label
    unset object
}
