-- The walking skeleton's tables. Times are UTC (timestamptz). Words as in docs/architecture.md: one word, one thing.

CREATE TABLE hospital (
    hospital_id text PRIMARY KEY CHECK (hospital_id ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
    name        text NOT NULL CHECK (name <> ''),
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- An AE title names one modality in the whole installation: Orthanc knows a sender by its AE title and address.
CREATE TABLE modality (
    aet         text PRIMARY KEY CHECK (aet ~ '^[A-Z0-9_.-]{1,16}$'),
    hospital_id text NOT NULL REFERENCES hospital,
    host        text NOT NULL CHECK (host <> ''),
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_token (
    token_id    uuid PRIMARY KEY,
    hospital_id text NOT NULL REFERENCES hospital,
    scopes      text[] NOT NULL,
    label       text NOT NULL DEFAULT '',
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);

-- One row a study, claimed by a hospital before the first instance is stored; the rest is read from Orthanc by a worker.
CREATE TABLE study (
    study_instance_uid text PRIMARY KEY CHECK (length(study_instance_uid) BETWEEN 1 AND 64),
    hospital_id        text NOT NULL REFERENCES hospital,
    orthanc_study_id   text,
    patient_id         text NOT NULL DEFAULT '',
    patient_name       text NOT NULL DEFAULT '',
    patient_sex        text NOT NULL DEFAULT '',
    patient_birth_date date,
    accession_number   text NOT NULL DEFAULT '',
    study_date         date,
    study_time         time,
    study_description  text NOT NULL DEFAULT '',
    body_part          text NOT NULL DEFAULT '',
    modalities         text[] NOT NULL DEFAULT '{}',
    series_count       integer NOT NULL DEFAULT 0,
    instance_count     integer NOT NULL DEFAULT 0,
    claimed_at         timestamptz NOT NULL DEFAULT now(),
    recorded_at        timestamptz,
    complete_at        timestamptz
);
CREATE INDEX study_by_accession_number ON study (hospital_id, accession_number) WHERE accession_number <> '';
CREATE INDEX study_by_patient ON study (hospital_id, patient_id, study_date);
CREATE INDEX study_newest_first ON study (hospital_id, study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid);
CREATE INDEX study_incomplete ON study (claimed_at) WHERE complete_at IS NULL;

CREATE TABLE report (
    report_id          uuid PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    status             text NOT NULL CHECK (status IN ('received', 'waiting', 'matched', 'review', 'refused')),
    status_reason      text NOT NULL DEFAULT '',
    document_sha256    text NOT NULL CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
    fields             jsonb NOT NULL DEFAULT '{}',
    patient_id         text NOT NULL DEFAULT '',
    accession_number   text NOT NULL DEFAULT '',
    study_instance_uid text REFERENCES study,
    received_at        timestamptz NOT NULL,
    read_at            timestamptz,
    matched_at         timestamptz,
    UNIQUE (hospital_id, document_sha256),
    CHECK ((status = 'matched') = (study_instance_uid IS NOT NULL))
);
CREATE INDEX report_waiting ON report (hospital_id, patient_id) WHERE status = 'waiting';
CREATE INDEX report_waiting_by_accession_number ON report (hospital_id, accession_number) WHERE status = 'waiting';
CREATE INDEX report_of_study ON report (study_instance_uid);

CREATE TABLE report_page (
    report_id    uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    page         integer NOT NULL CHECK (page >= 1),
    image_sha256 text NOT NULL,
    width        integer NOT NULL,
    height       integer NOT NULL,
    PRIMARY KEY (report_id, page)
);

-- The right to see one report and its study. The two keys to it, the QR's secret and the typed access code, are here only as hashes.
CREATE TABLE access_grant (
    grant_id      uuid PRIMARY KEY,
    hospital_id   text NOT NULL REFERENCES hospital,
    report_id     uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    secret_hash   bytea NOT NULL UNIQUE,
    code_hash     bytea NOT NULL UNIQUE,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz
);
CREATE INDEX access_grant_of_report ON access_grant (report_id);

-- What the hospital has still to fetch: the two keys and the stamped copy, encrypted with a key that is not in the database, and only until expires_at.
CREATE TABLE delivery (
    report_id      uuid PRIMARY KEY REFERENCES report ON DELETE CASCADE,
    sealed_keys    bytea NOT NULL,
    sealed_stamped bytea,
    expires_at     timestamptz NOT NULL
);
CREATE INDEX delivery_by_expiry ON delivery (expires_at);

-- Wrong access codes, counted per network address and window: one row, one atomic increment.
CREATE TABLE wrong_code (
    address      text NOT NULL,
    window_start timestamptz NOT NULL,
    attempts     integer NOT NULL,
    PRIMARY KEY (address, window_start)
);
