/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- the program is cli_run; then everything is forgotten. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    session_end(cli_run(argc, argv));
}
