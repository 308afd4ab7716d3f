# SPDX-License-Identifier: MIT
# Rows of threads and queues; marks of what they did; arrows of forks and launches.
set yrange [Y_MAX:0]
unset ylabel
unset ytics
set border 1 lc rgb '#444444'
if (!DUMB) { set grid xtics back lc rgb '#e0e0e0' lt 1 }
# A name where there is room for it.
room(s, from, to) = shown(s) * 0.85 * CHARACTER < (to - from) / (X_MAX - X_MIN) / X_SCALE * (RIGHT - LEFT)
x(ns) = ns / X_SCALE
# Bins are drawn a little too wide, so that no seams are seen between them.
seam = (X_MAX - X_MIN) / 1500
# And what is short is still seen.
end(from, to, events) = events == 0 ? x(to) + seam : x(to - from) < 1.5 * seam ? x(from) + 1.5 * seam : x(to)
# A white edge tells neighbours apart where there is room for one.
wide(from, to, events) = events > 0 && x(to - from) > 8 * seam
# Black on bright colours, white on dark ones.
ink(c) = 0.3 * (int(c) >> 16 & 255) + 0.59 * (int(c) >> 8 & 255) + 0.11 * (int(c) & 255) < 110 ? 0xffffff : 0x000000
if (DUMB) {
    plot DATA index 'rows' skip 1 using (x($7)):(($9 + $10) / 2):(x($8 - $7)):(0) with vectors nohead lt -1, \
         for [i = 1:SERIES] '' index 'marks' skip 1 \
             using ($5 == i ? x($1) : NaN):3:(x($1)):(x($2)):3:4 with boxxyerror lt i lc rgb COLOR[i], \
         '' index 'marks' skip 1 \
             using (room(strcol(9), $1, $2) ? x($1 + $2) / 2 : NaN):(($3 + $4) / 2):(strcol(9)) with labels noenhanced, \
         '' index 'rows' skip 1 using (X_MIN):(($9 + $10) / 2):(short(strcol(2))) \
             with labels right offset -1, 0 noenhanced
} else {
    plot DATA index 'rows' skip 1 using (x($7)):(($9 + $10) / 2):(x($8 - $7)):(0) \
             with vectors nohead lc rgb '#b0b0b0' lw 1, \
         '' index 'marks' skip 1 using (wide($1, $2, $8) ? NaN : x($1)):3:(x($1)):(end($1, $2, $8)):3:4:(color($5)) \
             with boxxyerror lc rgb variable, \
         '' index 'marks' skip 1 using (wide($1, $2, $8) ? x($1) : NaN):3:(x($1)):(x($2)):3:4:(color($5)) \
             with boxxyerror fillstyle solid border rgb '#ffffff' lw 0.6 lc rgb variable, \
         '' index 'marks' skip 1 \
             using (room(strcol(9), $1, $2) ? x($1 + $2) / 2 : NaN):(($3 + $4) / 2):(strcol(9)):(ink(color($5))) \
             with labels noenhanced textcolor rgb variable font SMALL, \
         '' index 'arrows' skip 1 \
             using (strcol(5) eq 'fork' ? x($1) : NaN):2:(x($3 - $1)):($4 - $2) \
             with vectors filled size screen 0.7 * CHARACTER,20 lc rgb '#666666' lw 0.6, \
         '' index 'arrows' skip 1 \
             using (strcol(5) eq 'launch' ? x($1) : NaN):2:(x($3 - $1)):($4 - $2) \
             with vectors filled size screen 0.7 * CHARACTER,20 lc rgb '#000000' lw 0.7, \
         '' index 'rows' skip 1 using (X_MIN):(($9 + $10) / 2):(short(strcol(2))) \
             with labels right offset -1, 0 noenhanced
}
