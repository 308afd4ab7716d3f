# SPDX-License-Identifier: MIT
# A curve a name: which part of its events took up to that duration.
if (!DUMB) { set grid xtics ytics back lc rgb '#e0e0e0' lt 1 }
plot for [i = 1:SERIES] DATA index 'curve' skip 1 using ($3 == i ? $1 : NaN):2 \
    with lines lt i lw 2 lc rgb COLOR[i]
