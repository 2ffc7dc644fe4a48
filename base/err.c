/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* err.c -- the three faces of an error, all made from the one table. */
#include "base/err.h"

const char *err_text(int err)
{
    switch (err) {
#define X(name, code, text)                                                            \
    case name: return text;
        ERR_TABLE(X)
#undef X
    case ERR_OK: return "Done.";
    default: return "Something went wrong. Try again.";
    }
}

const char *err_name(int err)
{
    switch (err) {
#define X(name, code, text)                                                            \
    case name: return #name;
        ERR_TABLE(X)
#undef X
    case ERR_OK: return "ERR_OK";
    default: return "ERR_UNKNOWN";
    }
}

int err_exit(int err)
{
    switch (err) {
#define X(name, code, text)                                                            \
    case name: return code;
        ERR_TABLE(X)
#undef X
    case ERR_OK: return 0;
    default: return 70;
    }
}
