/* SPDX-License-Identifier: MIT */
#include "libanalysis/scrub.h"
#include "libanalysis/scrub_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static const uint8_t key[16] = "0123456789abcdef";
static struct rn_scrub_policy *policy;
static struct rn_scrub *scrub;

static void with_policy(const char *text)
{
    struct rn_error err = RN_ERROR_INIT;

    if (rn_scrub_policy_new(text, strlen(text), &policy, &err) != RN_OK)
        fail_msg("%s", err.what);
    scrub = rn_scrub_new(policy, key, sizeof key);
    assert_non_null(scrub);
}

static int done(void **state)
{
    (void)state;
    rn_scrub_free(scrub);
    rn_scrub_policy_free(policy);
    scrub = NULL;
    policy = NULL;
    return 0;
}

typedef void text_fn(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);

/* What the text becomes, tokens as "#". */
static const char *shape(text_fn *function, const char *text)
{
    static char shown[512];
    struct rn_buf out = RN_BUF_INIT;
    size_t at = 0;

    function(scrub, text, strlen(text), &out);
    for (size_t i = 0; i < out.size && at + 1 < sizeof shown;) {
        if (i + SCRUB_TOKEN <= out.size && scrub_is_token((char *)out.data + i, SCRUB_TOKEN)) {
            shown[at++] = '#';
            i += SCRUB_TOKEN;
        } else {
            shown[at++] = (char)out.data[i++];
        }
    }
    shown[at] = '\0';
    rn_buf_free(&out);
    return shown;
}

static void test_paths(void **state)
{
    (void)state;
    with_policy("keep path /srv/public/*\n");
    assert_string_equal(shape(scrub_path, "/usr/lib/libc.so.6"), "/usr/lib/libc.so.6");
    assert_string_equal(shape(scrub_path, "/usr/local/bin/own"), "/usr/local/#/#");
    assert_string_equal(shape(scrub_path, "/home/alice/.ssh/id"), "/home/#/#/#");
    assert_string_equal(shape(scrub_path, "../plan/./main.py"), "../#/./#.py");
    assert_string_equal(shape(scrub_path, "/srv/public/x"), "/srv/#/x");
    assert_string_equal(shape(scrub_path, "pipe:[17]"), "pipe:[17]");
    assert_string_equal(shape(scrub_path, ""), "");
    assert_string_equal(shape(scrub_path, "/"), "/");
    assert_string_equal(shape(scrub_path, "a.py/"), "#.py/");
    assert_string_equal(shape(scrub_path, "/usr/lib/../../home/alice"), "/usr/lib/../../#/#");
    assert_string_equal(shape(scrub_path, "/proc/self/root/home/alice"), "/proc/self/root/#/#");
    assert_string_equal(shape(scrub_path, "/libsecret/x"), "/#/#");
}

static void test_words(void **state)
{
    (void)state;
    with_policy("keep argument build*\nkeep environment LANG\n");
    assert_string_equal(shape(scrub_argument, "-l"), "-l");
    assert_string_equal(shape(scrub_argument, "-phunter2"), "-p#");
    assert_string_equal(shape(scrub_argument, "--password=hunter2"), "--password=#");
    assert_string_equal(shape(scrub_argument, "--dry-run"), "--dry-run");
    assert_string_equal(shape(scrub_argument, "--Hunter2"), "#");
    assert_string_equal(shape(scrub_argument, "hunter2"), "#");
    assert_string_equal(shape(scrub_argument, "builder"), "builder");
    assert_string_equal(shape(scrub_argument, "--in=/home/alice/x.csv"), "--in=/home/#/#.csv");
    assert_string_equal(shape(scrub_variable, "TOKEN=abc"), "TOKEN=#");
    assert_string_equal(shape(scrub_variable, "LANG=C"), "LANG=C");
    assert_string_equal(shape(scrub_variable, "EMPTY="), "EMPTY=");
    assert_string_equal(shape(scrub_variable, "hunter2"), "#");
    assert_string_equal(shape(scrub_source, "/home/alice/a.c:17"), "/home/#/#.c:17");
    scrub_note_secret(scrub, "vm", 2);
    assert_string_equal(shape(scrub_sentence, "vm: /home/alice/x: no vmlinuz on vm."),
                        "#: /home/#/#: no vmlinuz on #.");
}

static void token_of(const struct rn_scrub *from, const char *text, char token[SCRUB_TOKEN + 1])
{
    struct rn_buf out = RN_BUF_INIT;

    scrub_token(from, RN_SCRUB_PATH, text, strlen(text), &out);
    assert_int_equal(out.size, SCRUB_TOKEN);
    memcpy(token, out.data, SCRUB_TOKEN);
    token[SCRUB_TOKEN] = '\0';
    rn_buf_free(&out);
}

static void test_tokens(void **state)
{
    static const uint8_t other_key[16] = "another key 0000";
    char first[SCRUB_TOKEN + 1], again[SCRUB_TOKEN + 1], foreign[SCRUB_TOKEN + 1];
    struct rn_scrub *other;

    (void)state;
    with_policy("");
    other = rn_scrub_new(policy, other_key, sizeof other_key);
    token_of(scrub, "alice", first);
    token_of(scrub, "alice", again);
    token_of(other, "alice", foreign);
    assert_string_equal(first, again);
    assert_string_not_equal(first, foreign);
    assert_true(rn_scrub_key_id(scrub) != rn_scrub_key_id(other));
    rn_scrub_free(other);
    /* What is a token stays one. */
    assert_string_equal(shape(scrub_argument, first), "#");
    assert_int_equal(rn_scrub_accounts(scrub)[RN_SCRUB_ARGUMENT].replaced, 0);
    assert_false(scrub_is_token("_0123456789aB", SCRUB_TOKEN));
    assert_false(scrub_is_token("_0123456789a", SCRUB_TOKEN - 1));
}

static void test_addresses(void **state)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)}, *result;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/alice.sock"};
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    with_policy("");
    inet_pton(AF_INET, "198.51.100.7", &four.sin_addr);
    memset(four.sin_zero, 'x', sizeof four.sin_zero);
    scrub_address(scrub, (uint8_t *)&four, sizeof four, &out);
    assert_int_equal(out.size, sizeof four);
    result = (void *)out.data;
    assert_int_equal(result->sin_port, htons(80));
    assert_int_equal(ntohl(result->sin_addr.s_addr) >> 28, 15);
    assert_int_equal(result->sin_zero[0], 0);
    four = *result;
    rn_buf_clear(&out);
    scrub_address(scrub, (uint8_t *)&four, sizeof four, &out);
    assert_memory_equal(out.data, &four, sizeof four);
    rn_buf_clear(&out);
    inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    scrub_address(scrub, (uint8_t *)&four, sizeof four, &out);
    assert_memory_equal(out.data, &four, sizeof four);
    rn_buf_clear(&out);
    inet_pton(AF_INET6, "2001:db8::77", &six.sin6_addr);
    scrub_address(scrub, (uint8_t *)&six, sizeof six, &out);
    assert_null(memmem(out.data, out.size, &six.sin6_addr, sizeof six.sin6_addr));
    rn_buf_clear(&out);
    scrub_address(scrub, (uint8_t *)&local, sizeof local, &out);
    assert_null(memmem(out.data, out.size, "alice", 5));
    assert_memory_equal(out.data + 2, "/run/_", 6);
    rn_buf_clear(&out);
    scrub_address(scrub, (const uint8_t *)"\x1\0\0secret", 9, &out);
    assert_null(memmem(out.data, out.size, "secret", 6));
    rn_buf_clear(&out);
    scrub_address(scrub, (const uint8_t *)"\x11\0secret", 8, &out); /* AF_PACKET */
    assert_int_equal(out.size, 2);
    rn_buf_clear(&out);
    scrub_address(scrub, (const uint8_t *)"\x2\0\0\x50\xc6\x33\x64\x7", 8, &out); /* cut */
    assert_int_equal(out.size, 2);
    rn_buf_free(&out);
}

static void test_event(void **state)
{
    static const uint8_t text[] = "/home/alice/plan";
    struct rn_content content = {.length = 6, .crc = 17, .head_len = 6, .head = text};
    const struct rn_attachment items[] = {
        {.type = RN_ATT_PATH, .arg = 0, .size = 16, .data = text},
        {.type = RN_ATT_CONTENT, .arg = 1, .content = content},
        {.type = RN_ATT_STACK_DUMP, .arg = RN_ARG_NONE, .size = 8, .data = text},
        {.type = RN_ATT_COUNT, .arg = RN_ARG_NONE, .size = 8, .data = text}};
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .u.syscall = {.nr = 3, .args = {7, 0x6563696c61, 1, 1, 1, 1}},
                             .attachments = items,
                             .attachment_count = 4};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_event out;

    (void)state;
    with_policy("");
    assert_int_equal(rn_scrub_event(scrub, &event, &out, &err), RN_OK);
    assert_int_equal(out.attachment_count, 1);
    assert_int_equal(out.attachments[0].type, RN_ATT_PATH);
    assert_null(memmem(out.attachments[0].data, out.attachments[0].size, "alice", 5));
    /* close takes one argument. */
    assert_int_equal(out.u.syscall.args[0], 7);
    assert_int_equal(out.u.syscall.args[1], 0);
    assert_int_equal(rn_scrub_accounts(scrub)[RN_SCRUB_CONTENT].replaced, 1);
    assert_string_equal(rn_scrub_accounts(scrub)[RN_SCRUB_PATH].examples[0], "/h***/a****/p***");
}

/* Options for a device's compiler, and a control message that makes no sense. */
static void test_other_texts(void **state)
{
    static const uint8_t options[] = "-I/home/alice/x -DKEY=hunter2 secret";
    static uint8_t control[40] = {20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0};
    const struct rn_attachment items[] = {
        {.type = RN_ATT_TEXT, .arg = RN_ARG_NONE, .size = sizeof options - 1, .data = options},
        {.type = RN_ATT_CONTROL, .arg = 1, .size = 24, .data = control},
        {.type = RN_ATT_CONTROL, .arg = 2, .size = sizeof control, .data = control}};
    struct rn_event event = {.kind = RN_KIND_API, .attachments = items, .attachment_count = 3};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_event out;

    (void)state;
    with_policy("");
    memcpy(control + 30, "secret", 6);
    assert_int_equal(rn_scrub_event(scrub, &event, &out, &err), RN_OK);
    assert_int_equal(out.attachment_count, 2);
    assert_int_equal(out.attachments[1].arg, 1);
    assert_memory_equal(out.attachments[0].data, "-I/home/_", 9);
    assert_null(memmem(out.attachments[0].data, out.attachments[0].size, "alice", 5));
    assert_null(memmem(out.attachments[0].data, out.attachments[0].size, "hunter2", 7));
    assert_null(memmem(out.attachments[0].data, out.attachments[0].size, "secret", 6));
}

static void test_bad_policies(void **state)
{
    static const struct {
        const char *text, *what;
    } cases[] = {{"keep path\nforget path /x\n", "line 2: a rule begins with 'keep' or 'replace'"},
                 {"keep", "line 1: not a class"},
                 {"replace paths *", "line 1: not a class"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_error err = RN_ERROR_INIT;

        assert_int_equal(rn_scrub_policy_new(cases[i].text, strlen(cases[i].text), &policy, &err),
                         RN_E_FORMAT);
        assert_memory_equal(err.what, cases[i].what, strlen(cases[i].what));
        assert_null(policy);
    }
    with_policy("# nothing\n\n  keep   path   /x y/*  \r\nkeep content");
    assert_true(rn_scrub_policy_keeps(policy, RN_SCRUB_PATH, "/x y/z"));
    assert_true(rn_scrub_policy_keeps(policy, RN_SCRUB_CONTENT, "content"));
    assert_false(rn_scrub_policy_keeps(policy, RN_SCRUB_STACK, "dump"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_paths, done),
        cmocka_unit_test_teardown(test_words, done),
        cmocka_unit_test_teardown(test_tokens, done),
        cmocka_unit_test_teardown(test_addresses, done),
        cmocka_unit_test_teardown(test_event, done),
        cmocka_unit_test_teardown(test_other_texts, done),
        cmocka_unit_test_teardown(test_bad_policies, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
