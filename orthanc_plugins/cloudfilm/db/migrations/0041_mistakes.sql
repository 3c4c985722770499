-- What patients say is wrong with an exam, and what the hospital made of it. Times are UTC.
CREATE TABLE mistake (
    mistake_id         uuid PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    grant_id           uuid NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    -- What was looked at: a report, or images whose report has not come.
    report_id          uuid REFERENCES report ON DELETE CASCADE,
    study_instance_uid text NOT NULL DEFAULT '',
    kind               text NOT NULL CHECK (kind IN ('another person', 'personal data', 'text', 'images', 'other')),
    words              text NOT NULL DEFAULT '' CHECK (length(words) <= 1000),
    contact            text NOT NULL DEFAULT '' CHECK (length(contact) <= 100),
    reported_at        timestamptz NOT NULL,
    state              text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'seen', 'settled')),
    answer             text NOT NULL DEFAULT '' CHECK (length(answer) <= 1000),
    changed_at         timestamptz,
    changed_by         text NOT NULL DEFAULT ''
);
CREATE INDEX mistake_newest_first ON mistake (hospital_id, state, reported_at DESC);
CREATE INDEX mistake_of_grant ON mistake (grant_id, reported_at DESC);
