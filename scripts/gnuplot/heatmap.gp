# SPDX-License-Identifier: MIT
# Cells of time and duration; the darker, the more events.
set palette defined (0 '#fde725', 1 '#7ad151', 2 '#22a884', 3 '#2a788e', 4 '#414487', 5 '#440154')
set logscale cb
set cbrange [C_MIN:C_MAX]
set cblabel C_LABEL offset 1
set colorbox user origin screen RIGHT + CHARACTER, screen BOTTOM size screen 1.5 * CHARACTER, screen TOP - BOTTOM
set format cb '%.0f'
if (!DUMB) { set grid xtics ytics back lc rgb '#e8e8e8' lt 1 }
x(ns) = ns / X_SCALE
# Cells are drawn a little too large, so that no seams are seen between them.
seam = (X_MAX - X_MIN) / 1500
if (DUMB) {
    # Five steps of a logarithmic scale.
    unset colorbox
    level(n) = C_MAX > 1 ? ceil(5 * log(n + 0.001) / log(C_MAX)) : 5
    step(n) = level(n) < 1 ? 1 : level(n) > 5 ? 5 : level(n)
    set label 5 'from 1 (.) to '.sprintf('%.0f', C_MAX).' (@) events' at screen TO - CHARACTER, 1 - 1.1 * LINE right noenhanced
    plot for [k = 1:5] DATA index 'cells' skip 1 using (step($5) == k ? x($1) : NaN):3 \
        with points pt substr('.:*#@', k, k)
} else {
    plot DATA index 'cells' skip 1 using (x($1)):3:(x($1)):(x($2) + seam):3:($4 * 1.03):5 \
        with boxxyerror fillcolor palette
}
