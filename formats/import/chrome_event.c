/* SPDX-License-Identifier: MIT */
#include "chrome_event.h"

#include <stddef.h>
#include <string.h>

/* Where the value of a key goes. Looked up by length and letters: there are few. */
static const struct field {
    const char *key;
    size_t size, offset;
} fields[] = {
#define FIELD(key, member)                                                                         \
    {                                                                                              \
        key, sizeof key - 1, offsetof(struct rn_chrome_event, member)                              \
    }
    FIELD("name", name), FIELD("cat", cat), FIELD("ts", ts),       FIELD("dur", dur),
    FIELD("pid", pid),   FIELD("tid", tid), FIELD("args", args),   FIELD("id", id),
    FIELD("id2", id2),   FIELD("s", reach), FIELD("scope", scope), FIELD("bind_id", bind_id),
#undef FIELD
};

static struct rn_scan_value *field_of(struct rn_chrome_event *event,
                                      const struct rn_scan_value *key)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (key->size == fields[i].size && memcmp(key->data, fields[i].key, key->size) == 0)
            return (struct rn_scan_value *)(void *)((char *)event + fields[i].offset);
    return NULL;
}

/* Keys of which only little is asked. */
static void take_other(struct rn_chrome_event *event, const struct rn_scan_value *key,
                       const struct rn_scan_value *value)
{
    if (rn_scan_is(key, "flow_in"))
        event->flow_in = value->type == RN_JSON_TRUE;
    else if (rn_scan_is(key, "flow_out"))
        event->flow_out = value->type == RN_JSON_TRUE;
    else if (rn_scan_is(key, "tts") || rn_scan_is(key, "tdur"))
        event->thread_clock = true;
    else if (rn_scan_is(key, "sf") || rn_scan_is(key, "stack"))
        event->stack = true;
}

enum rn_chrome_parse rn_chrome_event_parse(struct rn_scan_text *text, struct rn_chrome_event *event)
{
    struct rn_scan_value key, value;
    int more;

    memset(event, 0, sizeof *event);
    text->at++;
    text->begun = false;
    event->empty = true;
    while ((more = rn_scan_member(text, &key, &value)) == 1) {
        struct rn_scan_value *field = field_of(event, &key);

        event->empty = false;
        if (field) {
            event->twice += field->type != RN_JSON_NONE;
            *field = value;
        } else if (rn_scan_is(&key, "ph")) {
            event->twice += event->phase != 0;
            event->phase = value.type == RN_JSON_STRING && value.size == 1 ? *value.data : '\0';
        } else {
            take_other(event, &key, &value);
        }
    }
    if (more == 0)
        return RN_CHROME_EVENT;
    return text->why ? RN_CHROME_BAD : RN_CHROME_SHORT;
}
