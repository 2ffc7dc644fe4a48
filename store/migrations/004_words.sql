-- SPDX-License-Identifier: AGPL-3.0-or-later
-- 004 words: kept texts by their words.  Talk is not in it: it would have to be taken
-- out again with every text that ends.

-- Small letters without marks; rowid is content.row.
CREATE VIRTUAL TABLE words USING fts5(text, tokenize='unicode61 remove_diacritics 0');

-- Groups all of whose kept texts are in it.
CREATE TABLE words_ready (grp INTEGER PRIMARY KEY);

-- One row while something was taken out of it and terms may be left in its tables.
CREATE TABLE words_unmerged (one INTEGER PRIMARY KEY);
