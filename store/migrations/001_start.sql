-- SPDX-License-Identifier: AGPL-3.0-or-later
-- 001 start: small values, topics, content entries in order of arrival.

CREATE TABLE kv (
    grp INTEGER NOT NULL,
    tbl INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (grp, tbl, key)
) WITHOUT ROWID;

CREATE TABLE topic (
    no INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL,
    topic BLOB NOT NULL,
    UNIQUE (grp, topic)
);

-- The large columns stand last, so that reading the small ones touches one page.
CREATE TABLE content (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    grp INTEGER NOT NULL,
    state INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    own INTEGER NOT NULL,
    urgency INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    author INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    end_hour INTEGER NOT NULL,
    erase_hour INTEGER NOT NULL,
    about_hour INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    topic INTEGER NOT NULL,
    id8 INTEGER NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL,
    prev BLOB NOT NULL,
    body BLOB NOT NULL,
    envelope BLOB NOT NULL
);

-- A row in state 4 is gone: only end and id are left of it. One in state 2 is held
-- aside and stands outside the set.
CREATE INDEX content_id ON content (grp, id8);
CREATE INDEX content_row ON content (grp) WHERE state <> 4;
CREATE INDEX content_seq ON content (grp, author, seq) WHERE state <> 4;
CREATE INDEX content_set ON content (topic, end_hour, id) WHERE state <> 2;
CREATE INDEX content_aside ON content (topic) WHERE state = 2;
CREATE INDEX content_due ON content (grp, erase_hour)
    WHERE state <> 4 AND erase_hour < 4294967295;
CREATE INDEX content_gone ON content (grp, end_hour) WHERE state = 4;
