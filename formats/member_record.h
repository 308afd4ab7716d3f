/* SPDX-License-Identifier: MIT */
/* Records that were added to a member, to know those again that are like them. Private to
 * member_*.c; see rn_member_add_alike. */
#ifndef RN_MEMBER_RECORD_H
#define RN_MEMBER_RECORD_H

struct member_records;

void member_records_forget(struct member_records *records); /* accepts NULL */

#endif
