-- SPDX-License-Identifier: AGPL-3.0-or-later
-- 003 reading: what a start and the first screen need, without a walk over all texts.

-- How much is unread: counted inside the index.
CREATE INDEX content_unread ON content (grp, author, unread, end_hour)
    WHERE unread > 0 AND state = 0;

-- Rows that a start has to look at one by one: sealed, held aside, to be said again,
-- made far ahead of the hour here.
CREATE INDEX content_odd ON content (grp)
    WHERE (state IN (1,2) OR own=2 OR erase_hour<end_hour) AND state<>4;
