/* SPDX-License-Identifier: MIT */
#include "cupti_inject.h"

#include <stdarg.h>
#include <stdio.h>

void rn_cupti_note(enum rn_notice_code code, uint64_t value, const char *format, ...)
{
    struct rn_notice notice = {.code = code, .value = value};
    char text[RN_PRODUCER_TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_NOTICE,
                                                  .start = rn_producer_now(),
                                                  .fields = &notice,
                                                  .words = sizeof(notice) / sizeof(uint64_t),
                                                  .text = text});
}

void rn_cupti_lose(uint64_t count, const char *why)
{
    struct rn_loss loss = {.kind = RN_KIND_NONE, .count = count, .reason = RN_LOSS_OTHER};

    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_LOSS,
                                                  .start = rn_producer_now(),
                                                  .fields = &loss,
                                                  .words = sizeof(loss) / sizeof(uint64_t),
                                                  .text = why});
}
