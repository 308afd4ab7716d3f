# SPDX-License-Identifier: MIT
# rn-convert --to folded names functions.
CONVERT_LIBS += $(SYMBOL_LIBS)
