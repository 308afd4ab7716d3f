/* SPDX-License-Identifier: MIT */
/* Rings that go from thread to thread, and commits beside the thread that traces. */
#include "recording.h"

#include "capture/session.h"

#define RING_BYTES 65536u
#define SEEN_MAX   1000u

static struct rn_session *new_session(void)
{
    struct rn_session_options options = {.output = path};
    struct rn_manifest manifest = test_manifest();
    struct rn_session *session = NULL;

    assert_ok(rn_session_new(&options, &manifest, &session, &err));
    rn_manifest_clear(&manifest);
    return session;
}

static void finish(struct rn_session *session)
{
    uint64_t lost;

    assert_ok(rn_session_finish(session, false, 0, &lost, &err));
    assert_int_equal(lost, 0);
    rn_session_free(session);
}

static uint64_t add_thread(struct rn_session *session, uint64_t tid)
{
    uint64_t id;

    assert_ok(rn_session_add_stream(session, tid, tid, 0, &id, &err));
    return id;
}

static struct rn_ring_slot *take_ring(struct rn_session *session, uint64_t stream)
{
    struct rn_ring_slot *slot = rn_session_take_ring(session, stream, RING_BYTES, 4096, &err);

    assert_non_null(slot);
    return slot;
}

static void emit(struct rn_session *session, uint64_t stream, uint64_t number)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)stream,
                             .start = rn_session_now(session),
                             .u.syscall = {.abi = RN_ABI_X86_64, .args = {number}}};

    assert_ok(rn_session_emit(session, &event, &err));
}

/* How many calls of each stream there are, which are to be numbered from 0; and of losses. */
static unsigned count_calls(uint64_t counts[SEEN_MAX])
{
    struct rn_reader *reader = open_reader(path);
    struct rn_event event;
    enum rn_status status;
    unsigned losses = 0;

    memset(counts, 0, SEEN_MAX * sizeof(counts[0]));
    while ((status = next_plain(reader, &event)) == RN_OK) {
        losses += event.kind == RN_KIND_LOSS;
        if (event.kind != RN_KIND_SYSCALL)
            continue;
        assert_in_range(event.stream, 1, SEEN_MAX - 1);
        assert_int_equal(event.u.syscall.args[0], counts[event.stream]);
        counts[event.stream]++;
    }
    assert_int_equal(status, RN_EOF);
    rn_reader_free(reader);
    return losses;
}

static void ring_goes_on_to_the_next_thread(void **state)
{
    struct rn_session *session = new_session();
    uint64_t counts[SEEN_MAX];
    struct rn_ring_slot *first = NULL;

    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        uint64_t stream = add_thread(session, 100 + i);
        struct rn_ring_slot *ring = take_ring(session, stream);

        first = first ? first : ring;
        /* Until half of it is in use, it is the same one. */
        if (i < 50)
            assert_ptr_equal(ring, first);
        for (uint64_t k = 0; k < 5; k++)
            emit(session, stream, k);
        rn_session_release_slot(session, ring);
        rn_session_end_stream(session, stream);
        assert_ok(rn_session_tick(session, &err));
    }
    finish(session);
    assert_int_equal(count_calls(counts), 0);
    for (uint64_t stream = 1; stream <= 200; stream++)
        assert_int_equal(counts[stream], 5);
}

/* What a thread wrote may be anything. It is its own loss. */
static void damage_ends_with_its_thread(void **state)
{
    struct rn_session *session = new_session();
    uint64_t streams[3], counts[SEEN_MAX];
    struct rn_ring_slot *ring = NULL;
    static const uint32_t impossible = 57;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t from;

        streams[i] = add_thread(session, 100 + i);
        ring = take_ring(session, streams[i]);
        emit(session, streams[i], 0);
        from = rn_ring_head(ring);
        emit(session, streams[i], 1);
        emit(session, streams[i], 2);
        if (i == 1)
            memcpy(rn_session_ring_data(session, ring) + from, &impossible, sizeof(impossible));
        rn_session_release_slot(session, ring);
    }
    finish(session);
    assert_int_equal(count_calls(counts), 1);
    assert_int_equal(counts[streams[0]], 3);
    assert_int_equal(counts[streams[1]], 1);
    assert_int_equal(counts[streams[2]], 3);
}

/* A head that makes no sense cannot be gone on from. */
static void impossible_head_is_not_handed_over(void **state)
{
    struct rn_session *session = new_session();
    uint64_t first = add_thread(session, 100), second = add_thread(session, 101);
    struct rn_ring_slot *ring = take_ring(session, first), *other;
    uint64_t counts[SEEN_MAX];

    (void)state;
    emit(session, first, 0);
    ring->head += 3;
    rn_session_release_slot(session, ring);
    other = take_ring(session, second);
    assert_ptr_not_equal(other, ring);
    emit(session, second, 0);
    finish(session);
    assert_int_equal(count_calls(counts), 1);
    assert_int_equal(counts[second], 1);
}

/* Threads come and go, and fill rings, while commits are under way. */
static void nothing_is_lost_beside_a_commit(void **state)
{
    struct rn_session *session = new_session();
    uint64_t counts[SEEN_MAX], stays = add_thread(session, 1000), number = 0;

    (void)state;
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t stream = add_thread(session, 2000 + i);
        struct rn_ring_slot *ring = take_ring(session, stream);

        for (uint64_t k = 0; k < 400; k++) {
            emit(session, stream, k);
            emit(session, stays, number++);
            assert_ok(rn_session_tick(session, &err));
        }
        rn_session_release_slot(session, ring);
        rn_session_end_stream(session, stream);
    }
    finish(session);
    assert_int_equal(count_calls(counts), 0);
    assert_int_equal(counts[stays], number);
    for (uint64_t stream = stays + 1; stream <= stays + 300; stream++)
        assert_int_equal(counts[stream], 400);
}

static enum rn_status see(void *context, struct rn_session *session, struct rn_error *failure)
{
    struct rn_event event = {
        .kind = RN_KIND_PROCESS, .stream = 1, .start = rn_session_now(session)};

    ++*(unsigned *)context;
    return rn_session_emit_snapshot(session, &event, failure);
}

/* Segments begin beside the tracing thread, which then restates what is alive before it commits
 * more. */
static void every_segment_begins_with_a_snapshot(void **state)
{
    struct rn_session_options options = {.output = path, .writer = {.segment_bytes = 20000}};
    struct rn_manifest manifest = test_manifest();
    struct rn_session *session = NULL;
    unsigned asked = 0, begun = 0, restated = 0;
    struct rn_reader *reader;
    struct rn_event event;
    uint64_t stream;

    (void)state;
    assert_ok(rn_session_new(&options, &manifest, &session, &err));
    rn_manifest_clear(&manifest);
    rn_session_on_segment(session, see, &asked);
    stream = add_thread(session, 100);
    for (uint64_t i = 0; i < 200000; i++) {
        emit(session, stream, i * 0x9e3779b97f4a7c15u);
        assert_ok(rn_session_tick(session, &err));
    }
    finish(session);
    reader = open_reader(path);
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        if (event.kind == RN_KIND_COMMIT) {
            begun += (event.flags & RN_EVENT_SNAPSHOT) != 0;
        } else if (event.kind == RN_KIND_PROCESS && event.flags & RN_EVENT_SNAPSHOT) {
            restated++;
            assert_int_equal(restated, begun - 1);
        }
    }
    rn_reader_free(reader);
    assert_in_range(begun, 3, 1000);
    assert_int_equal(restated, asked);
    /* When all has ended nothing is alive, and the last commits restate nothing. */
    assert_in_range(restated, begun - 3, begun - 1);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ring_goes_on_to_the_next_thread),      CASE(damage_ends_with_its_thread),
        CASE(impossible_head_is_not_handed_over),   CASE(nothing_is_lost_beside_a_commit),
        CASE(every_segment_begins_with_a_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
