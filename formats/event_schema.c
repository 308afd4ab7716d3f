/* SPDX-License-Identifier: MIT */
#include "event_schema.h"

#include <string.h>

#define BY_STREAM .predictor = RN_PREDICT_KEYED, .key_a = RN_COLUMN_STREAM
#define PREVIOUS  .predictor = RN_PREDICT_PREVIOUS

/* Sequences of rows repeat, in the same stream or in another one; that is worth far more than their
 * likeness to the row before. */
#define CALL(site, ret) .predictor = RN_PREDICT_CALL, .key_a = (site), .key_b = (ret)
#define SEQUENCE        CALL(0, 0)
#define RET             (RN_COLUMN_WORD + 2)
#define SITE            (RN_COLUMN_WORD + 3)

/* Of a call that has returned, and of one in flight. */
#define CALL_ARGUMENT(text) {text, CALL(SITE, RET), .is_hex = true}
#define CALL_FIELDS                                                                                \
    {                                                                                              \
        {.name = "nr"}, {.name = "abi"}, {"ret", SEQUENCE, .is_signed = true},                     \
            {"site", SEQUENCE, .is_hex = true}, CALL_ARGUMENT("arg0"), CALL_ARGUMENT("arg1"),      \
            CALL_ARGUMENT("arg2"), CALL_ARGUMENT("arg3"), CALL_ARGUMENT("arg4"),                   \
            CALL_ARGUMENT("arg5")                                                                  \
    }

static const struct rn_schema schemas[RN_KIND_LIMIT] = {
    [RN_KIND_SYSCALL] = {"syscall", 10, CALL_FIELDS},
    [RN_KIND_PROCESS] = {"process",
                         19,
                         {{.name = "op"},
                          {"pid", PREVIOUS},
                          {"tid", PREVIOUS},
                          {"parent_pid", SEQUENCE},
                          {"child_stream", SEQUENCE},
                          {"child_tid", SEQUENCE},
                          {"clone_flags", SEQUENCE, .is_hex = true},
                          {"status", SEQUENCE},
                          {"user_ns", SEQUENCE},
                          {"system_ns", SEQUENCE},
                          {"max_rss_bytes", SEQUENCE},
                          {"uid", SEQUENCE},
                          {"euid", SEQUENCE},
                          {"gid", SEQUENCE},
                          {"egid", SEQUENCE},
                          {"pgid", SEQUENCE},
                          {"sid", SEQUENCE},
                          {"umask", SEQUENCE},
                          {"abi", SEQUENCE}}},
    [RN_KIND_SIGNAL] = {"signal",
                        9,
                        {{.name = "signo"},
                         {"code", .is_signed = true, PREVIOUS},
                         {"sender_pid", PREVIOUS},
                         {.name = "sender_uid"},
                         {"address", .is_hex = true},
                         {.name = "fatal"},
                         {.name = "child_status"},
                         {.name = "child_user_ns"},
                         {.name = "child_system_ns"}}},
    [RN_KIND_MODULE] = {"module",
                        7,
                        {{.name = "op"},
                         {"pid", PREVIOUS},
                         {"address", PREVIOUS, .is_hex = true},
                         {.name = "length"},
                         {.name = "file_offset"},
                         {.name = "device"},
                         {"inode", PREVIOUS}}},
    [RN_KIND_DESCRIPTOR] = {"descriptor",
                            8,
                            {{"pid", PREVIOUS},
                             {"fd", PREVIOUS, .is_signed = true},
                             {"mode", PREVIOUS},
                             {"device", PREVIOUS},
                             {"inode", PREVIOUS},
                             {.name = "rdev"},
                             {.name = "offset"},
                             {"flags", PREVIOUS, .is_hex = true}}},
    [RN_KIND_KERNEL] = {"kernel",
                        17,
                        {{.name = "api"},
                         {.name = "device"},
                         {.name = "context"},
                         {"queue", BY_STREAM},
                         {"correlation", PREVIOUS},
                         {"grid_x", BY_STREAM},
                         {"grid_y", BY_STREAM},
                         {"grid_z", BY_STREAM},
                         {"group_x", BY_STREAM},
                         {"group_y", BY_STREAM},
                         {"group_z", BY_STREAM},
                         {"registers", BY_STREAM},
                         {"shared_bytes", BY_STREAM},
                         {"queued_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                         {"submitted_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                         {"graph", PREVIOUS},
                         {"graph_node", PREVIOUS}}},
    [RN_KIND_BLOCK] = {"block",
                       6,
                       {{"elements", BY_STREAM},
                        {"bytes", BY_STREAM},
                        {"flops", BY_STREAM},
                        {.name = "backend"},
                        {.name = "depth"},
                        {.name = "provenance"}}},
    [RN_KIND_API] = {"api",
                     7,
                     {{.name = "api"},
                      {.name = "layer"},
                      {.name = "result", .is_signed = true},
                      {"correlation", PREVIOUS},
                      {.name = "device"},
                      {.name = "context"},
                      {"queue", BY_STREAM}}},
    [RN_KIND_TRANSFER] = {"transfer",
                          12,
                          {{.name = "api"},
                           {.name = "device"},
                           {.name = "context"},
                           {"queue", BY_STREAM},
                           {"correlation", PREVIOUS},
                           {.name = "direction"},
                           {"bytes", BY_STREAM},
                           {.name = "peer"},
                           {"queued_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                           {"submitted_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                           {"graph", PREVIOUS},
                           {"graph_node", PREVIOUS}}},
    [RN_KIND_DECISION] = {"decision", 1, {{.name = "id", .is_hex = true}}},
    [RN_KIND_AGGREGATE] = {"aggregate",
                           13,
                           {{.name = "of"},
                            {.name = "reason"},
                            {.name = "backend"},
                            {.name = "direction"},
                            {.name = "residency"},
                            {.name = "size_bin"},
                            {.name = "count"},
                            {.name = "sum_ns", .unit = RN_FIELD_DURATION},
                            {.name = "min_ns", .unit = RN_FIELD_DURATION},
                            {.name = "max_ns", .unit = RN_FIELD_DURATION},
                            {.name = "elements"},
                            {.name = "bytes"},
                            {.name = "flops"}}},
    [RN_KIND_EDGE] = {"edge",
                      12,
                      {{"from_stream", PREVIOUS},
                       {"from_ordinal", .predictor = RN_PREDICT_KEYED, .key_a = RN_COLUMN_WORD},
                       {"to_stream", PREVIOUS},
                       {"to_ordinal", .predictor = RN_PREDICT_KEYED, .key_a = RN_COLUMN_WORD + 2},
                       {.name = "mechanism"},
                       {.name = "certainty"},
                       {"from_start_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                       {"to_end_ns", PREVIOUS, .unit = RN_FIELD_MOMENT},
                       {.name = "bytes"},
                       {"lamport", PREVIOUS},
                       {"from_lamport", PREVIOUS},
                       {"from_end_ns", PREVIOUS, .unit = RN_FIELD_MOMENT}}},
    [RN_KIND_OBJECT] = {"object",
                        7,
                        {{.name = "of"},
                         {"place_stream", PREVIOUS},
                         {"place_ordinal", PREVIOUS},
                         {.name = "inode"},
                         {.name = "length"},
                         {.name = "key", .is_hex = true},
                         {.name = "flags", .is_hex = true}}},
    [RN_KIND_SPAN] = {"span",
                      7,
                      {{.name = "form"},
                       {"id", PREVIOUS, .is_hex = true},
                       {"parent", PREVIOUS, .is_hex = true},
                       {"trace_high", PREVIOUS, .is_hex = true},
                       {"trace_low", PREVIOUS, .is_hex = true},
                       {.name = "role"},
                       {.name = "status"}}},
    [RN_KIND_COUNTER] = {"counter", 2, {{"value", BY_STREAM, .unit = RN_FIELD_REAL}, {"id", BY_STREAM, .is_hex = true}}},
    [RN_KIND_FLOW] = {"flow", 2, {{"id", PREVIOUS, .is_hex = true}, {.name = "phase"}}},
    [RN_KIND_NOTICE] = {"notice", 2, {{.name = "code"}, {.name = "value"}}},
    [RN_KIND_LOSS] = {"loss", 3, {{.name = "kind"}, {.name = "count"}, {.name = "reason"}}},
    [RN_KIND_STREAM] = {"stream",
                        6,
                        {{"id", PREVIOUS},
                         {.name = "type"},
                         {"pid", PREVIOUS},
                         {"tid", PREVIOUS},
                         {"parent", PREVIOUS},
                         {.name = "clock"}}},
    [RN_KIND_CLOCK] = {"clock",
                       4,
                       {{"ticks", PREVIOUS},
                        {"monotonic_ns", PREVIOUS},
                        {"realtime_ns", PREVIOUS},
                        {.name = "error_ns"}}},
    [RN_KIND_COMMIT] =
        {"commit",
         4,
         {{.name = "segment"}, {.name = "source"}, {.name = "position"}, {.name = "generation"}}},
    [RN_KIND_INFLIGHT] = {"inflight", 10, CALL_FIELDS},
    [RN_KIND_DEVICE_CLOCK] = {"device_clock",
                              14,
                              {{.name = "clock"},
                               {.name = "api"},
                               {.name = "device"},
                               {.name = "source"},
                               {"device_ticks", PREVIOUS},
                               {"ticks", PREVIOUS},
                               {"monotonic_ns", PREVIOUS},
                               {"monotonic_raw_ns", PREVIOUS},
                               {"realtime_ns", PREVIOUS},
                               {.name = "error_ns"},
                               {"base_device", PREVIOUS},
                               {"base_ticks", PREVIOUS},
                               {"rate", PREVIOUS},
                               {"period", PREVIOUS}}},
};

const struct rn_schema *rn_schema_get(uint8_t kind)
{
    if (kind >= RN_KIND_LIMIT || !schemas[kind].name)
        return NULL;
    return &schemas[kind];
}

const char *rn_kind_name(uint8_t kind)
{
    const struct rn_schema *schema = rn_schema_get(kind);

    if (schema)
        return schema->name;
    if (kind == RN_KIND_STRINGS)
        return "strings";
    return kind == RN_KIND_CONTENTS ? "contents" : NULL;
}

uint8_t rn_kind_from_name(const char *name, size_t length)
{
    for (unsigned kind = 1; kind < RN_KIND_LIMIT; kind++) {
        const char *known = rn_kind_name((uint8_t)kind);

        if (known && strlen(known) == length && memcmp(known, name, length) == 0)
            return (uint8_t)kind;
    }
    return RN_KIND_NONE;
}

const struct rn_attachment *rn_event_attachment(const struct rn_event *event, uint8_t type,
                                                uint8_t arg)
{
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        if (attachment->type == type && (arg == RN_ARG_ANY || attachment->arg == arg))
            return attachment;
    }
    return NULL;
}
