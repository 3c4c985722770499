-- Forms that a hospital taught. Each change is a version of its own; the newest one counts, and undoing is a version like the one before.
CREATE TABLE report_form (
    form_id     uuid NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    hospital_id text NOT NULL REFERENCES hospital,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    definition  jsonb NOT NULL,
    is_on       boolean NOT NULL,
    is_deleted  boolean NOT NULL,
    change      text NOT NULL CHECK (change IN ('taught', 'edited', 'switched off', 'switched on', 'deleted', 'undone')),
    -- The sample: its text with places (zlib, JSON), and its pages' pictures in the document store.
    sample_text bytea NOT NULL,
    pictures    jsonb NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL,
    PRIMARY KEY (form_id, version)
);
CREATE INDEX report_form_of_hospital ON report_form (hospital_id, form_id, version DESC);

-- The text of a report's pages with its places (zlib, JSON), to teach forms from and to try them on; only the newest of each hospital are kept.
CREATE TABLE report_text (
    report_id   uuid PRIMARY KEY REFERENCES report ON DELETE CASCADE,
    hospital_id text NOT NULL REFERENCES hospital,
    received_at timestamptz NOT NULL,
    pages       bytea NOT NULL
);
CREATE INDEX report_text_newest_first ON report_text (hospital_id, received_at DESC);

-- A sample that was handed in to teach a form from; kept for a day.
CREATE TABLE form_sample (
    sample_id       uuid PRIMARY KEY,
    hospital_id     text NOT NULL REFERENCES hospital,
    document_sha256 text NOT NULL,
    status          text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'read', 'refused')),
    reason          text NOT NULL DEFAULT '',
    pages           bytea,
    pictures        jsonb NOT NULL DEFAULT '[]',
    handed_in_at    timestamptz NOT NULL
);
CREATE INDEX form_sample_by_age ON form_sample (handed_in_at);
