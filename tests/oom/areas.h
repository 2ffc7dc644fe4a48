/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* areas.h -- what is tried, area by area. */
#ifndef TESTS_OOM_AREAS_H
#define TESTS_OOM_AREAS_H

/* base and crypto: functions that change nothing but what they are given. */
void area_pure(void);
/* Commands of one person, and looking. */
void area_people(void);
/* What members take from one another: control entries, pages, cards, messages. */
void area_members(void);
/* Two or three peers on links. */
void area_links(void);
/* Mending what a damaged log holds. */
void area_mend(void);
/* The store with SQLite's memory, and a core over it; unlocking. */
void area_store(void);

#endif
