/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* err.h -- every error of kring in one table.
 *
 * A function that can fail returns int: 0, or one negative enum err.  The table
 * below is the only list; err_text() gives the sentence a person may see (an
 * English message id that cli/ translates) and err_exit() the sysexits code.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define NODISCARD __attribute__((warn_unused_result))

/* X(name, sysexits code, sentence: what happened and what to do) */
#define ERR_TABLE(X)                                                                   \
    X(ERR_MALFORMED, 65, "This data is broken. Ask for it again.")                     \
    X(ERR_TRUNCATED, 65, "This text was cut off. Copy all of it.")                     \
    X(ERR_NOTCANON, 65, "This data is not in the agreed form. It was refused.")        \
    X(ERR_TOOBIG, 65, "This is too long. Make it shorter.")                            \
    X(ERR_NOSPACE, 70, "There was no room left. Nothing was lost.")                    \
    X(ERR_FULL, 75, "A list is full. Try again later.")                                \
    X(ERR_NOMEM, 71, "This device has too little memory free.")                        \
    X(ERR_FORGED, 65, "This was changed after it was made. It was refused.")           \
    X(ERR_NOTFOUND, 66, "That was not found.")                                         \
    X(ERR_EXISTS, 65, "That exists already.")                                          \
    X(ERR_NAMETAKEN, 65, "That name is taken. Choose another one.")                    \
    X(ERR_STATE, 70, "That cannot be done now.")                                       \
    X(ERR_DENIED, 77, "You may not do that in this group.")                            \
    X(ERR_EXPIRED, 65, "This code is finished. Ask for a new one.")                    \
    X(ERR_USED, 65, "This code was used already. Ask for a new one.")                  \
    X(ERR_FOREIGN, 65, "This is not a kring code. Copy it again.")                     \
    X(ERR_MISTYPED, 65, "This code has a typing mistake. Copy it again.")              \
    X(ERR_VERSION, 76, "This needs a newer kring. Get the new one first.")             \
    X(ERR_UTF8, 65, "This text has broken letters. It was refused.")                   \
    X(ERR_NOKEY, 75, "This cannot be opened yet. kring asks for what is missing.")     \
    X(ERR_PASSPHRASE, 77, "That did not work.")                                        \
    X(ERR_NOSTORE, 66, "Nothing is set up here. Type: kring init")                     \
    X(ERR_INUSE, 75, "kring is already open here. Close it first.")                    \
    X(ERR_READONLY, 77, "This place cannot be written to. Choose another.")            \
    X(ERR_DISKFULL, 74, "The disk is full. Make room, then try again.")                \
    X(ERR_IO, 74, "The disk did not answer well. Nothing shown as saved is lost.")     \
    X(ERR_DAMAGED, 74, "The store is damaged. Type: kring doctor")              \
    X(ERR_NOANSWER, 75, "Nobody answered. It will be tried again.")                    \
    X(ERR_NOHOST, 68, "That address was not found.")                                   \
    X(ERR_ADDRINUSE, 75, "Another program uses that address.")                         \
    X(ERR_PROTOCOL, 76, "The other side broke the rules. The connection was closed.")  \
    X(ERR_USAGE, 64, "That is not how it is used. Type: kring help")                   \
    X(ERR_EMPTY, 65, "There is no text here. Write something first.")                  \
    X(ERR_NEEDTERM, 64, "An answer is missing. Give it with an option.")               \
    X(ERR_SYSTEM, 71, "The computer refused something kring needs.")                   \
    X(ERR_STOPPED, 75, "Stopped. Nobody was added.")

/* Sentences with more than one use are refined by the caller; these stand alone. */
enum err {
    ERR_OK = 0,
    ERR__FIRST = -1000,
#define X(name, code, text) name,
    ERR_TABLE(X)
#undef X
        ERR__END
};

/* The sentence for `err` (0: "Done."; unknown: a neutral one).  Static, never NULL. */
const char *err_text(int err);

/* The name of `err` as in the table, for --json and logs.  Static, never NULL. */
const char *err_name(int err);

/* The sysexits code for `err`; 0 for 0, 70 for an unknown one. */
int err_exit(int err);

#endif
