# SPDX-License-Identifier: MIT
# Two libraries of their own: librn-fit (models and histories; GSL and SQLite; for rn-backend-fit alone)
# and librn-backend (for programs: needs the C library alone).

BACKEND_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard libanalysis/backend/*.c))
BACKEND_LIBS := $(BUILD)/lib/librn-backend.a $(BUILD)/lib/librn-backend.so
$(BUILD)/obj/libanalysis/backend/%.o: CFLAGS_ALL += -fPIC -fvisibility=hidden

$(BUILD)/lib/librn-backend.a: $(BACKEND_OBJ)
	$(archive)
$(BUILD)/lib/librn-backend.so: $(BACKEND_OBJ)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,librn-backend.so -o $@ $^

ifeq ($(CORE),)
FIT_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard libanalysis/fit/*.c))
FIT_LIBS := $(BUILD)/lib/librn-fit.a $(BUILD)/lib/librn-backend.a

$(BUILD)/lib/librn-fit.a: $(FIT_OBJ)
	$(archive)

# How often intervals hold the truth.
COVERAGE := $(BUILD)/fit/coverage
COVERAGE_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,tests/fit/coverage.c tests/fit/synthetic.c)
$(COVERAGE): $(COVERAGE_OBJ) $(FIT_LIBS) $(BUILD)/lib/librn.a
	$(link) $(SCIENCE_LIBS) -lm

# Not part of any other target: StarPU is needed for it.
$(BUILD)/fit/starpu_regression: tests/fit/starpu_regression.c $(FIT_LIBS) $(BUILD)/lib/librn.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $$(pkg-config --cflags starpu-1.3) -o $@ $^ \
		$(SCIENCE_LIBS) $$(pkg-config --libs starpu-1.3) $(PKG_LIBS)
endif

# Five operations on several backends, to be recorded and fitted (x86-64). OpenCL where there is one.
ifeq ($(ARCH),x86_64)
OPS_SRC := $(filter-out samples/backends/ops_no_opencl.c samples/backends/ops_opencl.c, \
	$(wildcard samples/backends/*.c)) \
	$(if $(OPENCL_LIBS),samples/backends/ops_opencl.c,samples/backends/ops_no_opencl.c)
OPS_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(OPS_SRC))
OPS_BIN := $(BUILD)/samples/backends
$(BUILD)/obj/samples/backends/%.o: CFLAGS_ALL += -O2
$(BUILD)/obj/samples/backends/ops_scalar.o: CFLAGS_ALL += -fno-tree-vectorize -fno-tree-slp-vectorize
$(BUILD)/obj/samples/backends/ops_avx2.o: CFLAGS_ALL += -mavx2 -mfma
$(BUILD)/obj/samples/backends/ops_avx512.o: CFLAGS_ALL += -mavx512f -mfma

$(OPS_BIN): $(OPS_OBJ)
	$(link) $(OPENCL_LIBS) -lm
endif

# It includes what is installed, as a program of anybody would.
$(BUILD)/obj/samples/choose_backend.o: CPPFLAGS_ALL += -Ilibanalysis/backend
$(BUILD)/samples/choose_backend: $(BUILD)/lib/librn-backend.a
$(BUILD)/fit/backend_bench: $(BUILD)/obj/tests/fit/backend_bench.o $(BUILD)/lib/librn-backend.a
	$(link)
