/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- the program is cli_run. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_run(argc, argv);
}
