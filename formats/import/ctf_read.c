/* SPDX-License-Identifier: MIT */
/* The process that decodes: a graph of libbabeltrace2 with the file system source of its plugin
 * "ctf" for each trace, its muxer, and a sink that writes frames. See
 * https://babeltrace.org/docs/v2.0/libbabeltrace2/group__api-graph.html. */
#include "ctf_read_private.h"

#include "ctf_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct graph {
    bt_graph *graph;
    const bt_plugin *ctf, *utils;
    const bt_component_filter *muxer;
    uint64_t muxer_ports; /* that are connected */
    unsigned traces;
    struct ctf_output output;
};

static bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator *iterator,
                                                                  void *data)
{
    struct graph *graph = data;
    bt_message_array_const messages;
    uint64_t count = 0;
    bt_message_iterator_next_status status = bt_message_iterator_next(iterator, &messages, &count);
    /* The others have the same numbers in both enumerations. */
    if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
        return (bt_graph_simple_sink_component_consume_func_status)status;
    bool ok = true;
    for (uint64_t i = 0; i < count; i++) {
        ok = ok && rn_ctf_output_message(&graph->output, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    return ok ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK
              : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
}

static bool find_plugins(struct graph *graph)
{
    return bt_plugin_find("ctf", BT_FALSE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &graph->ctf) ==
               BT_PLUGIN_FIND_STATUS_OK &&
           bt_plugin_find("utils", BT_FALSE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &graph->utils) ==
               BT_PLUGIN_FIND_STATUS_OK;
}

static bool add_muxer(struct graph *graph)
{
    const bt_component_class_filter *class =
        bt_plugin_borrow_filter_component_class_by_name_const(graph->utils, "muxer");
    return class &&
           bt_graph_add_filter_component(graph->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
                                         &graph->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
}

bt_value *rn_ctf_source_parameters(const char *path)
{
    bt_value *parameters = bt_value_map_create(), *inputs = NULL;
    if (parameters &&
        bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) ==
            BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
        bt_value_array_append_string_element(inputs, path) ==
            BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
        return parameters;
    bt_value_put_ref(parameters);
    return NULL;
}

/* The muxer has one port more than are connected, always. */
static bool connect_to_muxer(struct graph *graph, const bt_component_source *source)
{
    uint64_t count = bt_component_source_get_output_port_count(source);
    for (uint64_t i = 0; i < count; i++) {
        const bt_port_output *from =
            bt_component_source_borrow_output_port_by_index_const(source, i);
        const bt_port_input *to =
            bt_component_filter_borrow_input_port_by_index_const(graph->muxer, graph->muxer_ports);
        if (bt_graph_connect_ports(graph->graph, from, to, NULL) !=
            BT_GRAPH_CONNECT_PORTS_STATUS_OK)
            return false;
        graph->muxer_ports++;
    }
    return true;
}

static bool add_trace(void *context, const char *path)
{
    struct graph *graph = context;
    const bt_component_class_source *class =
        bt_plugin_borrow_source_component_class_by_name_const(graph->ctf, "fs");
    const bt_component_source *source = NULL;
    char name[32];
    snprintf(name, sizeof(name), "trace %u", graph->traces++);
    bt_value *parameters = rn_ctf_source_parameters(path);
    bool ok = class && parameters &&
              bt_graph_add_source_component(graph->graph, class, name, parameters,
                                            BT_LOGGING_LEVEL_WARNING,
                                            &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
              connect_to_muxer(graph, source);
    bt_value_put_ref(parameters);
    if (!ok && !graph->output.failure)
        graph->output.failure = "this is no trace that libbabeltrace2 can read";
    return ok;
}

static bool add_sink(struct graph *graph)
{
    const bt_component_sink *sink = NULL;
    return bt_graph_add_simple_sink_component(graph->graph, "sink", NULL, consume, NULL, graph,
                                              &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
           bt_graph_connect_ports(
               graph->graph, bt_component_filter_borrow_output_port_by_index_const(graph->muxer, 0),
               bt_component_sink_borrow_input_port_by_index_const(sink, 0),
               NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
}

/* What failed first, which is the cause of the rest; or better, where. */
static void put_failure(struct ctf_output *output)
{
    const bt_error *error = bt_current_thread_take_error();
    char text[400];
    snprintf(text, sizeof(text), "%s", output->failure ? output->failure : "it cannot be read");
    if (!rn_ctf_log_metadata(text, sizeof(text)) && error && bt_error_get_cause_count(error))
        snprintf(text, sizeof(text), "%s",
                 bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
    rn_ctf_strip_addresses(text);
    rn_ctf_output_problem(output, RN_CTF_FRAME_FAILED, rn_ctf_log_offset(), text);
    if (error)
        bt_error_release(error);
}

static bool run(struct graph *graph, const char *path, const char *scratch)
{
    bt_graph_run_status status;
    graph->graph = bt_graph_create(0);
    if (!graph->graph || !find_plugins(graph) || !add_muxer(graph)) {
        graph->output.failure = "libbabeltrace2 or its plugins ctf and utils are not installed";
        return false;
    }
    if (scratch)
        rn_ctf_salvage(&graph->output,
                       bt_plugin_borrow_source_component_class_by_name_const(graph->ctf, "fs"),
                       path, scratch);
    if (rn_ctf_find(scratch ? scratch : path, add_trace, graph) == 0)
        graph->output.failure = "there is no CTF trace in this directory";
    if (graph->output.failure)
        return false;
    if (graph->muxer_ports == 0) /* no file with events in any of them */
        return true;
    if (!add_sink(graph))
        return false;
    while ((status = bt_graph_run(graph->graph)) == BT_GRAPH_RUN_STATUS_AGAIN)
        ;
    return status == BT_GRAPH_RUN_STATUS_OK;
}

int rn_ctf_read(const char *path, const char *scratch, int fd)
{
    struct graph graph = {.output = {.fd = fd}};
    bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
    /* Its parser has a level of its own, which the plugin looks up when it is loaded. */
    setenv("BABELTRACE_PLUGIN_CTF_METADATA_LOG_LEVEL", "WARN", 1);
    if (run(&graph, path, scratch))
        rn_ctf_output_frame(&graph.output, RN_CTF_FRAME_END, "");
    else
        put_failure(&graph.output);
    return rn_ctf_output_flush(&graph.output) ? 0 : 1;
}
