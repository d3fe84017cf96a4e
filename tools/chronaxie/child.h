/* A child: this command once more, in a process of its own, with other words and another
 * environment. */
#ifndef CHRONAXIE_CHILD_H
#define CHRONAXIE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

enum { CHILD_MAX_WORDS = 24, CHILD_MAX_OUTPUT = 65536 };

struct child {
    const char *words[CHILD_MAX_WORDS]; /* after the command's name; NULL ends them */
    const char *variables[8][2]; /* to set, name and value; NULL ends them */
    double most_seconds; /* after which it is killed */
    /* How it ended. */
    bool is_late; /* it was killed */
    int signal; /* that ended it, or 0 */
    int code; /* that it ended with */
    double seconds;
    char output[CHILD_MAX_OUTPUT]; /* what it printed */
    char said[CHILD_MAX_OUTPUT]; /* on stderr */
};

/* Runs it to its end. False when it cannot be started. */
bool child_run(struct child *child);

#endif
