# SPDX-License-Identifier: MIT
# A line a process, arrows from what led to something to what it led to; dashed where that is inferred.
x(ns) = ns / X_SCALE
set yrange [Y_MAX:Y_MIN]
unset ylabel
unset ytics
set border 1 lc rgb '#444444'
if (!DUMB) { set grid xtics back lc rgb '#e0e0e0' lt 1 }
plot DATA index 'rows' skip 1 using (x($5)):1:(x($6 - $5)):(0) \
         with vectors nohead lc rgb '#999999' lw 3, \
     '' index 'edges' skip 1 using ($6 == 1 ? x($1) : NaN):2:(x($3 - $1)):($4 - $2):(color($5)) \
         with vectors filled size screen 0.7 * CHARACTER,20 lw 1.2 lc rgb variable, \
     '' index 'edges' skip 1 using ($6 == 0 ? x($1) : NaN):2:(x($3 - $1)):($4 - $2):(color($5)) \
         with vectors filled size screen 0.7 * CHARACTER,20 lw 1.2 dt 2 lc rgb variable, \
     '' index 'rows' skip 1 using (X_MIN):1:(short(strcol(2))) \
         with labels right offset -1, 0 noenhanced
