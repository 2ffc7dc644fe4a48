-- SPDX-License-Identifier: AGPL-3.0-or-later
-- 005 urgent: warnings, and what was done with them, without a walk over all texts.

CREATE INDEX content_urgent ON content (grp) WHERE urgency >= 2 AND state = 0;
