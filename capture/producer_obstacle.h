/* SPDX-License-Identifier: MIT */
/* Can the libraries that record from inside (inject/) be loaded into a program? */
#ifndef RN_PRODUCER_OBSTACLE_H
#define RN_PRODUCER_OBSTACLE_H

#include <sys/types.h>

/* Why not, of a program that has just been executed, as the end of a sentence ("is linked
 * statically"); NULL: nothing is known to stand in the way. */
const char *rn_producer_obstacle(pid_t pid);

#endif
