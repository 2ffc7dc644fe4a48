-- SPDX-License-Identifier: AGPL-3.0-or-later
-- 002 spare: a second copy of the small values without which a group is lost, in pages
-- of its own, so that no one damaged page holds both.  Its columns stand in another
-- order than those of kv: who reads pages alone can tell the two apart.

CREATE TABLE spare (
    tbl INTEGER NOT NULL,
    key BLOB NOT NULL,
    grp INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (tbl, key, grp)
) WITHOUT ROWID;

INSERT INTO spare SELECT tbl, key, grp, value FROM kv
    WHERE tbl IN (1, 2, 3, 5, 6, 8, 9, 13);
