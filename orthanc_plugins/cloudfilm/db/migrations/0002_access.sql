-- Who may see what, who saw it, and who works here. Times are UTC.

-- A grant: the right to see something of one hospital. Its keys are here only as hashes.
ALTER TABLE access_grant
    ALTER report_id DROP NOT NULL,
    ALTER secret_hash DROP NOT NULL,
    ALTER code_hash DROP NOT NULL,
    ADD kind             text NOT NULL DEFAULT 'patient' CHECK (kind IN ('patient', 'share', 'staff')),
    ADD parent_grant_id  uuid REFERENCES access_grant ON DELETE CASCADE,
    ADD patient_wide     boolean NOT NULL DEFAULT false,
    ADD rights           text[] NOT NULL DEFAULT '{images,report,download,share}'
        CHECK (rights <@ ARRAY['images', 'report', 'download', 'share']),
    ADD hides_names      boolean NOT NULL DEFAULT false,
    ADD not_before       timestamptz,
    ADD maximum_openings integer CHECK (maximum_openings > 0),
    ADD openings         integer NOT NULL DEFAULT 0,
    ADD last_used_at     timestamptz,
    ADD nickname         text NOT NULL DEFAULT '' CHECK (length(nickname) <= 60),
    ADD revoked_by       text NOT NULL DEFAULT '',
    -- The first two groups of the typed code, hashed as slowly as the whole: a wrong try that has these right is counted on the grant.
    ADD code_start_hash  bytea,
    ADD wrong_tries      integer NOT NULL DEFAULT 0,
    ADD CHECK ((kind = 'share') = (parent_grant_id IS NOT NULL)),
    ADD CHECK (maximum_openings IS NULL OR openings <= maximum_openings);
ALTER TABLE access_grant ALTER kind DROP DEFAULT, ALTER rights DROP DEFAULT;
CREATE INDEX access_grant_of_parent ON access_grant (parent_grant_id) WHERE parent_grant_id IS NOT NULL;
CREATE INDEX access_grant_by_code_start ON access_grant (code_start_hash) WHERE code_start_hash IS NOT NULL;
CREATE INDEX access_grant_newest_first ON access_grant (hospital_id, created_at DESC);

-- Studies that a grant names beside its report's.
CREATE TABLE grant_study (
    grant_id           uuid NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    study_instance_uid text NOT NULL REFERENCES study ON DELETE CASCADE,
    PRIMARY KEY (grant_id, study_instance_uid)
);

-- A hospital may let a paper reach its holder's earlier and later exams there.
ALTER TABLE hospital ADD grants_reach_all_exams boolean NOT NULL DEFAULT false;

-- Wrong access codes: per network address, per device that has opened something before, per code that was typed, and in all.
DROP TABLE wrong_code;
CREATE TABLE wrong_try (
    subject      text NOT NULL,
    window_start timestamptz NOT NULL,
    attempts     integer NOT NULL,
    PRIMARY KEY (subject, window_start)
);

ALTER TABLE api_token ADD kind text NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'gateway')), ADD last_used_at timestamptz;

-- People who work here. hospital_id is NULL for operators only.
CREATE TABLE account (
    account_id    uuid PRIMARY KEY,
    hospital_id   text REFERENCES hospital,
    login         text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'),
    full_name     text NOT NULL CHECK (full_name <> ''),
    role          text NOT NULL CHECK (role IN ('administrator', 'doctor', 'registrar', 'operator')),
    password_hash text,
    sealed_totp   bytea,
    totp_last     bigint NOT NULL DEFAULT 0,
    oidc_subject  text UNIQUE,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    CHECK ((role = 'operator') = (hospital_id IS NULL))
);

CREATE TABLE staff_session (
    session_id   uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    began_at     timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX staff_session_of_account ON staff_session (account_id);

-- Which member of staff a launch into the viewer was made for.
ALTER TABLE access_grant ADD account_id uuid REFERENCES account, ADD CHECK ((kind = 'staff') = (account_id IS NOT NULL));

-- Who saw what. Each row is sealed with the one before it by a key that is not in the database (cloudfilm/access/audit.py).
CREATE TABLE audit_event (
    sequence           bigint PRIMARY KEY,
    happened_at        timestamptz NOT NULL,
    kind               text NOT NULL,
    outcome            text NOT NULL CHECK (outcome IN ('success', 'denied')),
    hospital_id        text NOT NULL,
    actor_kind         text NOT NULL,
    actor_id           text NOT NULL,
    grant_id           uuid,
    study_instance_uid text NOT NULL,
    report_id          uuid,
    address            text NOT NULL,
    device             text NOT NULL,
    detail             text NOT NULL,
    chain              bytea NOT NULL
);
CREATE INDEX audit_event_of_grant ON audit_event (grant_id, sequence DESC) WHERE grant_id IS NOT NULL;
CREATE INDEX audit_event_of_hospital ON audit_event (hospital_id, sequence DESC);
CREATE INDEX audit_event_of_study ON audit_event (study_instance_uid, sequence DESC) WHERE study_instance_uid <> '';
CREATE INDEX audit_event_of_actor ON audit_event (actor_id, sequence DESC);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only ever added to';
END $$;
CREATE TRIGGER audit_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event EXECUTE FUNCTION refuse_change();

-- How far the trail has been sent to a syslog server.
CREATE TABLE audit_export (
    destination text PRIMARY KEY,
    sequence    bigint NOT NULL
);

-- Instances that were refused because their study belongs to another hospital: kept aside until people have looked.
CREATE TABLE set_aside (
    set_aside_id       uuid PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    study_instance_uid text NOT NULL,
    sop_instance_uid   text NOT NULL,
    reason             text NOT NULL,
    sender             text NOT NULL,
    content_sha256     text NOT NULL,
    size_bytes         bigint NOT NULL,
    received_at        timestamptz NOT NULL,
    UNIQUE (hospital_id, content_sha256)
);
