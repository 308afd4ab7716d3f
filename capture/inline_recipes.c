/* SPDX-License-Identifier: MIT */
#include "inline_recipes.h"

#include "formats/syscall_table.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Never made by the injected code: they change what it stands on (processes, images, memory that is
 * executed, signal frames, filters, who traces whom), move bytes inside the kernel, or do not
 * return. */
static const char *const traced[] = {
    "rt_sigreturn", "execveat",
    "ptrace", "seccomp", "unshare", "setns", "personality", "io_uring_setup", "io_uring_enter",
    "sendfile", "splice", "tee", "vmsplice", "copy_file_range", "mremap", "shmat", "shmdt",
    "pkey_mprotect", "remap_file_pages", "process_vm_writev", "modify_ldt", "map_shadow_stack",
    "restart_syscall", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
    "setgroups", "capset", "chroot", "pivot_root", "close_range", "userfaultfd", "msync",
};

static const struct {
    const char *name;
    enum rn_recipe_check check;
} checks[] = {
    {"mmap", RN_CHECK_MMAP},       {"mprotect", RN_CHECK_MPROTECT},
    {"munmap", RN_CHECK_RANGE},    {"madvise", RN_CHECK_RANGE},
    {"mlock", RN_CHECK_RANGE},     {"munlock", RN_CHECK_RANGE},
    {"clone", RN_CHECK_CLONE},     {"clone3", RN_CHECK_CLONE3},
    {"arch_prctl", RN_CHECK_ARCH_PRCTL}, {"rt_sigaction", RN_CHECK_SIGACTION},
    {"getrlimit", RN_CHECK_RLIMIT}, {"setrlimit", RN_CHECK_RLIMIT},
    {"prlimit64", RN_CHECK_PRLIMIT},
};

/* They do not return. */
static const char *const last[] = {"exit", "exit_group"};

static int number(const char *name)
{
    return rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
}

/* The operation for one argument; RN_OP_NONE for a value. False where only the engine can do it. */
static bool operation(const struct rn_arg *arg, enum rn_recipe_op *first, enum rn_recipe_op *second)
{
    *first = *second = RN_OP_NONE;
    switch (arg->type) {
    case RN_TYPE_PATH:
        *first = RN_OP_PATH;
        break;
    case RN_TYPE_STRING:
        *first = RN_OP_STRING;
        break;
    case RN_TYPE_STRUCT_IN:
        *first = RN_OP_STRUCT_IN;
        break;
    case RN_TYPE_STRUCT_OUT:
        *first = RN_OP_STRUCT_OUT;
        break;
    case RN_TYPE_STRUCT_INOUT:
        *first = RN_OP_STRUCT_ENTRY;
        *second = RN_OP_STRUCT_OUT;
        break;
    case RN_TYPE_STRING_OUT:
        *first = RN_OP_STRING_OUT;
        break;
    case RN_TYPE_ARGV:
        *first = RN_OP_ARGV;
        break;
    case RN_TYPE_SOCKADDR_IN:
        *first = RN_OP_SOCKADDR_IN;
        break;
    case RN_TYPE_SOCKADDR_OUT:
        *first = RN_OP_SOCKADDR_OUT;
        break;
    case RN_TYPE_BUFFER_IN:
    case RN_TYPE_BUFFER_OUT:
        *first = RN_OP_BUFFER;
        return arg->size_arg == RN_ARG_RETURN;
    case RN_TYPE_IOVEC_IN:
    case RN_TYPE_IOVEC_OUT:
        *first = RN_OP_IOVEC_IN;
        *second = RN_OP_IOVEC;
        break;
    case RN_TYPE_DIRENTS_OUT:
        *first = RN_OP_DIRENTS;
        break;
    default:
        return arg->type < RN_TYPE_PATH;
    }
    return arg->struct_type != RN_STRUCT_FD_SET && arg->bytes <= UINT8_MAX;
}

static bool add_operation(struct rn_recipe *recipe, enum rn_recipe_op op, uint8_t arg,
                          uint8_t size_arg, uint8_t bytes)
{
    if (op == RN_OP_NONE)
        return true;
    if (recipe->ops == RN_RECIPE_OPS)
        return false;
    recipe->op[recipe->ops].op = (uint8_t)op;
    recipe->op[recipe->ops].arg = arg;
    recipe->op[recipe->ops].size_arg = size_arg;
    recipe->op[recipe->ops].bytes = bytes;
    recipe->ops++;
    return true;
}

/* A buffer's own room stands right after it in all calls of this shape; the result may be larger. */
static uint8_t room_argument(const struct rn_syscall_info *info, uint8_t arg)
{
    if (arg + 1 < info->arg_count && info->args[arg + 1].type == RN_TYPE_SIZE)
        return (uint8_t)(arg + 1);
    return RN_ARG_NONE;
}

static bool add_argument(struct rn_recipe *recipe, const struct rn_syscall_info *info, uint8_t arg)
{
    const struct rn_arg *described = &info->args[arg];
    enum rn_recipe_op first, second;
    uint8_t size_arg = described->size_arg;

    if (!operation(described, &first, &second))
        return false;
    if (first == RN_OP_BUFFER)
        size_arg = room_argument(info, arg);
    return add_operation(recipe, first, arg, size_arg, (uint8_t)described->bytes) &&
           add_operation(recipe, second, arg, size_arg, (uint8_t)described->bytes);
}

static void make_recipe(struct rn_recipe *recipe, const struct rn_syscall_info *info)
{
    memset(recipe, 0, sizeof(*recipe));
    recipe->fields = (uint8_t)(4 + info->arg_count);
    recipe->mode = RN_RECIPE_RECORD;
    for (uint8_t arg = 0; arg < info->arg_count; arg++) {
        if (!add_argument(recipe, info, arg))
            recipe->mode = RN_RECIPE_TRACED;
    }
    if (info->return_type == RN_RETURN_FD &&
        !add_operation(recipe, RN_OP_FD, RN_ARG_RETURN, RN_ARG_NONE, 0))
        recipe->mode = RN_RECIPE_TRACED;
    if (recipe->mode == RN_RECIPE_TRACED)
        recipe->ops = 0;
}

/* Every value of the selecting argument that has a shape of its own gets a recipe. */
static void make_variants(struct rn_blob_config *config, struct rn_recipe *recipe,
                          const struct rn_syscall_info *info, unsigned *recipes, unsigned *values)
{
    const struct rn_syscall_info *variant = info + 1;

    recipe->select_arg = variant->select_arg;
    recipe->select_mask = variant->select_mask;
    recipe->first_variant = (uint16_t)*values;
    for (unsigned i = 0; i < info->variants; i++, variant++) {
        if (*recipes >= RN_RECIPE_COUNT ||
            *values + variant->select_count > RN_RECIPE_VARIANTS ||
            recipe->variants + variant->select_count > UINT8_MAX ||
            variant->select_arg != recipe->select_arg ||
            variant->select_mask != recipe->select_mask) {
            recipe->variants = 0;
            recipe->mode = RN_RECIPE_TRACED;
            return;
        }
        make_recipe(&config->recipe[*recipes], variant);
        for (unsigned j = 0; j < variant->select_count; j++) {
            config->variant[*values].value = variant->select_values[j];
            config->variant[*values].recipe = *recipes;
            ++*values;
            recipe->variants++;
        }
        ++*recipes;
    }
}

/* prctl(2) can do nearly anything. What is left to the injected code is what has a shape of its own,
 * but for a thread's new name, which the engine states. */
static void trace_prctl(struct rn_blob_config *config)
{
    struct rn_recipe *recipe = &config->recipe[SYS_prctl];

    recipe->mode = RN_RECIPE_TRACED;
    for (unsigned i = 0; i < recipe->variants; i++)
        if (config->variant[recipe->first_variant + i].value == PR_SET_NAME)
            config->recipe[config->variant[recipe->first_variant + i].recipe].mode =
                RN_RECIPE_TRACED;
}

static void apply_checks(struct rn_blob_config *config)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        int nr = number(checks[i].name);

        if (nr >= 0)
            config->recipe[nr].check = (uint8_t)checks[i].check;
    }
    for (size_t i = 0; i < sizeof(traced) / sizeof(traced[0]); i++) {
        int nr = number(traced[i]);

        if (nr >= 0 && nr < RN_RECIPE_CALLS) {
            config->recipe[nr].mode = RN_RECIPE_TRACED;
            config->recipe[nr].variants = 0;
        }
    }
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
        int nr = number(last[i]);

        if (nr >= 0 && config->recipe[nr].mode == RN_RECIPE_RECORD)
            config->recipe[nr].mode = RN_RECIPE_LAST;
    }
    trace_prctl(config);
}

void rn_inline_recipes(struct rn_blob_config *config, const uint64_t selected[1024 / 64])
{
    unsigned recipes = RN_RECIPE_CALLS, values = 0;

    memset(config->recipe, 0, sizeof(config->recipe));
    for (unsigned nr = 0; nr < RN_RECIPE_CALLS; nr++) {
        const struct rn_syscall_info *info = rn_syscall_info(RN_ABI_X86_64, nr);

        if (!info)
            continue;
        if (!(selected[nr / 64] >> (nr % 64) & 1)) {
            config->recipe[nr].mode = RN_RECIPE_PASS;
            continue;
        }
        make_recipe(&config->recipe[nr], info);
        if (info->variants)
            make_variants(config, &config->recipe[nr], info, &recipes, &values);
    }
    apply_checks(config);
}
