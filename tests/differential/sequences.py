# SPDX-License-Identifier: MIT
"""Differences between two sequences, by Myers' greedy algorithm (E. W. Myers, 1986)."""

EDITS_MAX = 3000  # beyond this, everything between the common ends counts as one difference
SLACK = 2         # an insertion into a run of equal calls has no one true place


def _edits(a, b):
    """Furthest-reaching paths, one dictionary of diagonal -> x for each number of edits."""
    paths, reach = [], {1: 0}
    for edits in range(min(len(a) + len(b), EDITS_MAX) + 1):
        paths.append(dict(reach))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and
                                          reach[diagonal - 1] < reach[diagonal + 1])
            x = reach[diagonal + 1] if down else reach[diagonal - 1] + 1
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            reach[diagonal] = x
            if x >= len(a) and x - diagonal >= len(b):
                return paths
    return None


def _walk_back(paths, a_size, b_size):
    """Single edits (a1, a2, b1, b2), from first to last."""
    edits, x, y = [], a_size, b_size
    for count in range(len(paths) - 1, 0, -1):
        reach, diagonal = paths[count], x - y
        down = diagonal == -count or (diagonal != count and
                                      reach.get(diagonal - 1, -1) < reach.get(diagonal + 1, -1))
        before = diagonal + 1 if down else diagonal - 1
        x = reach[before]
        y = x - before
        edits.append((x, x, y, y + 1) if down else (x, x + 1, y, y))
    return edits[::-1]


def _joined(edits):
    hunks = []
    for edit in edits:
        if hunks and hunks[-1][1] == edit[0] and hunks[-1][3] == edit[2]:
            hunks[-1] = (hunks[-1][0], edit[1], hunks[-1][2], edit[3])
        else:
            hunks.append(edit)
    return hunks


def differences(a, b):
    """Hunks (a1, a2, b1, b2): a[a1:a2] stands where b[b1:b2] does."""
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    a_middle, b_middle = a[head:len(a) - tail], b[head:len(b) - tail]
    if not a_middle and not b_middle:
        return []
    paths = _edits(a_middle, b_middle)
    if paths is None:
        return [(head, len(a) - tail, head, len(b) - tail)]
    return [(a1 + head, a2 + head, b1 + head, b2 + head)
            for a1, a2, b1, b2 in _joined(_walk_back(paths, len(a_middle), len(b_middle)))]


def excused(hunk, known):
    """Does the hunk lie where one of the known hunks (of the same left sequence) lies?"""
    return any(hunk[0] >= k[0] - SLACK and hunk[1] <= k[1] + SLACK for k in known)
