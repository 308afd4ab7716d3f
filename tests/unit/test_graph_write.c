/* SPDX-License-Identifier: MIT */
/* Graphs to the byte, with texts that no format likes. */
#include "formats/export/graph_write.h"
#include "formats/export/shiviz_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err = RN_ERROR_INIT;

static const char label[] = "a\"\\<&>]]>\n\x01\xff\xef\xbf\xbe\xc3\xa9";
#define SHOWN_BEFORE "\\x0a\\x01\\xff\\xef\\xbf\\xbe\xc3\xa9"

static char *write_graph(const struct rn_graph_form *form)
{
    const struct rn_graph_node nodes[] = {
        {.place = {1, 7},
         .kind = "syscall",
         .label = label,
         .label_size = sizeof label - 1,
         .thread = "t\"\n",
         .pid = 10,
         .tid = 11,
         .start_ns = 5,
         .duration_ns = 6,
         .lamport = 3},
        {.place = {2, UINT64_MAX}, .kind = "process", .label = "", .thread = ""},
    };
    const struct rn_graph_edge edges[] = {
        {.from = {1, 7}, .to = {2, UINT64_MAX}, .mechanism = "pipe", .bytes = 9},
        {.from = {2, UINT64_MAX}, .to = {1, 7}, .proven = true},
    };
    struct rn_buf out = RN_BUF_INIT;
    void *state;

    assert_int_equal(form->begin(&out, "title <\"", &state, &err), RN_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(form->node(state, &nodes[i], &err), RN_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(form->edge(state, &edges[i], &err), RN_OK);
    assert_int_equal(form->end(state, &err), RN_OK);
    form->free(state);
    rn_buf_byte(&out, 0);
    assert_false(out.failed);
    return (char *)out.data;
}

static void as_dot(void **state)
{
    char *text = write_graph(&rn_graph_dot);

    (void)state;
    assert_string_equal(
        text,
        "digraph \"title <\\\"\" {\n"
        "  rankdir=TB;\n"
        "  node [shape=box, fontname=\"monospace\"];\n"
        "  s1_7 [label=\"t\\\"\\\\x0a\\na\\\"\\\\<&>]]>"
        "\\\\x0a\\\\x01\\\\xff\\\\xef\\\\xbf\\\\xbe\xc3\xa9\", group=s1, kind=\"syscall\", pid=10, "
        "tid=11, "
        "start_ns=5, duration_ns=6, lamport=3];\n"
        "  s2_18446744073709551615 [label=\"\\n\", group=s2, kind=\"process\", pid=0, tid=0, "
        "start_ns=0, duration_ns=0];\n"
        "  s1_7 -> s2_18446744073709551615 [color=blue, label=\"pipe\", bytes=9, style=dashed];\n"
        "  s2_18446744073709551615 -> s1_7;\n"
        "}\n");
    free(text);
}

static void as_graphml(void **state)
{
    char *text = write_graph(&rn_graph_graphml);

    (void)state;
    assert_non_null(strstr(text, "<desc>title &lt;&quot;</desc>"));
    assert_non_null(
        strstr(text, "<data key=\"label\">a&quot;\\&lt;&amp;&gt;]]&gt;" SHOWN_BEFORE "</data>"));
    assert_non_null(strstr(text, "<data key=\"thread\">t&quot;\\x0a</data>"));
    assert_non_null(strstr(text, "<node id=\"s2.18446744073709551615\">"));
    assert_non_null(strstr(text, "<edge source=\"s1.7\" target=\"s2.18446744073709551615\">"));
    assert_non_null(strstr(text, "<data key=\"proven\">false</data>"));
    assert_non_null(strstr(text, "<data key=\"mechanism\">next</data>"));
    assert_non_null(strstr(text, "</graphml>\n"));
    free(text);
}

static void nothing_is_a_graph_too(void **state)
{
    const struct rn_graph_form *const forms[] = {&rn_graph_dot, &rn_graph_graphml};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rn_buf out = RN_BUF_INIT;
        void *graph;

        assert_int_equal(forms[i]->begin(&out, "", &graph, &err), RN_OK);
        assert_int_equal(forms[i]->end(graph, &err), RN_OK);
        forms[i]->free(graph);
        forms[i]->free(NULL);
        assert_true(out.size > 0);
        rn_buf_free(&out);
    }
}

static void as_a_log(void **state)
{
    const struct rn_shiviz_tick clock[] = {{"a_b.1", 2}, {"c.2", 1}};
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    rn_shiviz_host(&out, "a b\"{}\n\xff-_9", 7);
    rn_buf_byte(&out, '\n');
    rn_shiviz_event(&out, "a_b.1", clock, 2, "x\ny {}", 6);
    rn_shiviz_event(&out, "a_b.1", clock, 1, "", 0);
    rn_buf_byte(&out, 0);
    assert_string_equal((char *)out.data, "a_b_____-_9.7\n"
                                          "a_b.1 {\"a_b.1\":2, \"c.2\":1}\nx\\x0ay {}\n"
                                          "a_b.1 {\"a_b.1\":2}\n-\n");
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_dot),
        cmocka_unit_test(as_graphml),
        cmocka_unit_test(nothing_is_a_graph_too),
        cmocka_unit_test(as_a_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
