-- Consoles that can only print film, and what stations have besides. Times are UTC.

ALTER TABLE intake_source
    DROP CONSTRAINT intake_source_kind_check,
    ADD CONSTRAINT intake_source_kind_check CHECK (kind IN ('printer', 'folder', 'hl7', 'console')),
    -- A printer's TCP port for raw jobs, and the addresses that may use it, separated by commas.
    ADD raw_port  integer UNIQUE CHECK (raw_port BETWEEN 1 AND 65535),
    ADD raw_hosts text NOT NULL DEFAULT '',
    -- HL7: whether OBX may name files in the station's own folder.
    ADD takes_references boolean NOT NULL DEFAULT false,
    ADD CHECK (raw_port IS NULL OR kind = 'printer');
-- An AE title at an address is one console of one hospital.
CREATE UNIQUE INDEX intake_source_console ON intake_source (sender) WHERE kind = 'console';

-- A film that a console printed. It has no patient in its attributes: see cloudfilm.films.matching.
CREATE TABLE printed_film (
    film_id       uuid PRIMARY KEY,
    hospital_id   text NOT NULL REFERENCES hospital,
    source_name   text NOT NULL REFERENCES intake_source,
    page_sha256   text NOT NULL CHECK (page_sha256 ~ '^[0-9a-f]{64}$'),
    boxes         jsonb NOT NULL,
    texts         jsonb NOT NULL,
    printed_at    timestamptz NOT NULL,
    received_at   timestamptz NOT NULL,
    -- received: to be read; matched: it shows an exam; unidentified: a study of its own until people say whose it is; identified: they did; failed.
    state         text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'matched', 'unidentified', 'identified', 'failed')),
    reason        text NOT NULL DEFAULT '',
    -- Lines of text with their scores, and the numbers among them.
    lines         jsonb NOT NULL DEFAULT '[]',
    is_whole      boolean NOT NULL DEFAULT true,
    numbers       text[] NOT NULL DEFAULT '{}',
    accession_number text NOT NULL DEFAULT '',
    patient_id    text NOT NULL DEFAULT '',
    patient_name  text NOT NULL DEFAULT '',
    -- Where it has to be in the archive, and where it is. No references: a study that is deleted takes its films along.
    study_instance_uid        text,
    stored_study_instance_uid text,
    looked_at     timestamptz,
    UNIQUE (hospital_id, page_sha256, texts)
);
CREATE INDEX printed_film_open ON printed_film (hospital_id, received_at) WHERE state IN ('received', 'unidentified');
CREATE INDEX printed_film_of_study ON printed_film (stored_study_instance_uid);
