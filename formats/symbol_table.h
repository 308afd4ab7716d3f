/* SPDX-License-Identifier: MIT */
/* What is known of addresses of code, and the member of a recording that carries it along
 * (symbols/table.json, see rn-archive(5)), so that it can be had where the files are not. */
#ifndef RN_SYMBOL_TABLE_H
#define RN_SYMBOL_TABLE_H

#include "buf.h"
#include "status.h"

#include <stdint.h>

#define RN_MEMBER_SYMBOLS "symbols/table.json"

/* Why there is no name. */
enum rn_symbol_state {
    RN_SYMBOL_FOUND = 0,
    RN_SYMBOL_NO_FILE,     /* the file is not there, or cannot be read */
    RN_SYMBOL_OTHER_FILE,  /* it has another build-id than when it was recorded */
    RN_SYMBOL_NO_BUILD_ID, /* it had none, so nothing shows that this is the file */
    RN_SYMBOL_DAMAGED,     /* it is no file of code, or makes no sense */
    RN_SYMBOL_NONE,        /* nothing is named there: the file is stripped */
    RN_SYMBOL_STATES,      /* of a table; what follows is written as RN_SYMBOL_NONE */
    RN_SYMBOL_OTHER_FETCHED = RN_SYMBOL_STATES, /* what was fetched has another build-id */
};
/* Where a function is in source that a transpiler generated, as far as it was compiled. */
struct rn_symbol_generated {
    const char *function; /* never NULL */
    const char *file;     /* NULL unknown */
    uint32_t line;        /* 0 unknown */
    const char *language; /* of the original */
    const char *context;  /* what the source map says of the place; NULL nothing */
};
/* One function: that whose code it is, or one that was inlined there. */
struct rn_symbol_frame {
    const char *function; /* demangled; never NULL */
    const char *file;     /* as the compiler wrote it; NULL unknown */
    uint32_t line;        /* 0 unknown */
    bool library;         /* of a language's own library: libc, libstdc++, Rust's std, Go's */
    const struct rn_symbol_generated *generated; /* NULL; else the above are the original's */
    bool perf_map; /* the program said so itself: code that it made, see perf_map.h */
};

/* Registers that a call preserves, the return address and the stack pointer; in the order of
 * struct rn_stack_registers. */
enum rn_unwind_register {
    RN_UNWIND_RIP = 0, /* DWARF number 16: the return address */
    RN_UNWIND_RSP,
    RN_UNWIND_RBP,
    RN_UNWIND_RBX,
    RN_UNWIND_R12,
    RN_UNWIND_R13,
    RN_UNWIND_R14,
    RN_UNWIND_R15,
    RN_UNWIND_REGISTERS,
};

/* How the registers of the caller are found (DWARF 5, section 6.4): the canonical frame address is
 * a register plus an offset, and what was saved lies at offsets from it. */
struct rn_unwind_row {
    bool known;
    bool last;            /* the outermost function: it has no caller */
    uint8_t cfa_register; /* enum rn_unwind_register */
    uint8_t saved;        /* bit: the register was saved at cfa + offset; else it is the same */
    uint8_t lost;         /* bit: what the caller had in it is not known */
    int32_t cfa_offset;
    int32_t offset[RN_UNWIND_REGISTERS];
};

struct rn_symbol {
    enum rn_symbol_state state;
    const struct rn_symbol_frame *frames; /* innermost first */
    uint32_t count;                       /* 0 where state is not RN_SYMBOL_FOUND */
    struct rn_unwind_row row;
};

#define RN_SYMBOL_FRAMES_MAX 64u /* inlined into each other at one address */

/* One address of one file. */
struct rn_symbol_place {
    const char *path;
    const uint8_t *build_id;
    uint32_t build_id_size;
    uint64_t offset; /* in the file */
};

/* Builds the member. */
struct rn_symbol_table;
struct rn_symbol_table *rn_symbol_table_new(void);        /* NULL: no memory */
void rn_symbol_table_free(struct rn_symbol_table *table); /* accepts NULL */
/* What is generated is written as it was compiled. Addresses of one file follow each other.
 * `call_ends`: as rn_symbols_call_ends. */
RN_MUST_CHECK enum rn_status rn_symbol_table_add(struct rn_symbol_table *table,
                                                 const struct rn_symbol_place *place,
                                                 const struct rn_symbol *symbol, bool call_ends,
                                                 struct rn_error *err);
/* Code that a process made itself. `stream`: of the process's first thread. Names of one stream
 * follow each other. */
RN_MUST_CHECK enum rn_status rn_symbol_table_add_name(struct rn_symbol_table *table,
                                                      uint64_t stream, uint64_t address,
                                                      const char *name, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_symbol_table_write(const struct rn_symbol_table *table,
                                                   struct rn_buf *out, struct rn_error *err);

/* Reads one: `function` gets every address; what it is given is valid during the call. Stops where
 * it returns something other than RN_OK. RN_E_FORMAT, RN_E_VERSION. */
typedef enum rn_status rn_symbol_table_fn(void *context, const struct rn_symbol_place *place,
                                          const struct rn_symbol *symbol, bool call_ends,
                                          struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_symbol_table_read(const uint8_t *data, size_t size,
                                                  rn_symbol_table_fn *function, void *context,
                                                  struct rn_error *err);

/* The same for code that processes made themselves. */
typedef enum rn_status rn_symbol_name_fn(void *context, uint64_t stream, uint64_t address,
                                         const char *name, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_symbol_names_read(const uint8_t *data, size_t size,
                                                  rn_symbol_name_fn *function, void *context,
                                                  struct rn_error *err);

#endif
