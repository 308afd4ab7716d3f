# SPDX-License-Identifier: MIT
# A box a function: as wide as the time in system calls below it; callers at the bottom.
x(ns) = ns / X_SCALE
unset ylabel
unset ytics
set border 1 lc rgb '#444444'
set yrange [0:Y_MAX < 6 ? 6 : Y_MAX]
letters(from, to) = int((to - from) / X_SCALE / (X_MAX - X_MIN) * (RIGHT - LEFT) / (0.86 * CHARACTER)) - 1
clip(s, n) = n < 3 ? '' : strlen(s) <= n ? s : substr(s, 1, n - 2).'..'
plot DATA index 'frames' skip 1 using (x($1)):3:(x($1)):(x($2)):3:($3 + 1):4 \
         with boxxyerror fillstyle solid 1.0 border rgb '#ffffff' lc rgb variable, \
     '' index 'frames' skip 1 using (x($1 + $2) / 2):($3 + 0.5):(clip(strcol(6), letters($1, $2))) \
         with labels noenhanced font SMALL
