-- A report's whole life, its versions, several studies of one report, merged patients, decisions of people. Times are UTC.

ALTER TABLE report DROP CONSTRAINT report_status_check, DROP CONSTRAINT report_check;
ALTER TABLE report DISABLE TRIGGER report_transitions;
UPDATE report SET status = 'failed' WHERE status = 'refused';
UPDATE report_transition SET to_status = 'failed' WHERE to_status = 'refused';
UPDATE report_transition SET from_status = 'failed' WHERE from_status = 'refused';
ALTER TABLE report ENABLE TRIGGER report_transitions;

ALTER TABLE report
    -- When its paper or QR code first left.
    ADD issued_at     timestamptz,
    -- Versions of one report share it; superseded_by is the current version, NULL on that itself.
    ADD version_group uuid,
    ADD superseded_by uuid REFERENCES report,
    ADD superseded_at timestamptz,
    ADD withdrawn_at  timestamptz,
    -- Every number on it that a study or its patient may have.
    ADD numbers       text[] NOT NULL DEFAULT '{}';
UPDATE report SET version_group = report_id, numbers = array_remove(ARRAY[accession_number, patient_id], ''),
    issued_at = coalesce(returned_at, (SELECT min(last_used_at) FROM access_grant WHERE access_grant.report_id = report.report_id));
ALTER TABLE report ALTER version_group SET NOT NULL;
UPDATE report SET status = 'issued' WHERE status = 'matched' AND issued_at IS NOT NULL;
ALTER TABLE report
    ADD CONSTRAINT report_status_check CHECK (status IN ('received', 'read', 'waiting', 'matched', 'review', 'issued', 'amended', 'withdrawn', 'failed')),
    ADD CONSTRAINT report_bound_check CHECK (CASE WHEN status IN ('matched', 'issued') THEN study_instance_uid IS NOT NULL
        ELSE status IN ('amended', 'withdrawn') OR study_instance_uid IS NULL END);
CREATE INDEX report_of_version_group ON report (version_group);
CREATE INDEX report_by_number ON report USING gin (numbers);
CREATE INDEX report_waiting_by_name ON report (hospital_id, (fields ->> 'patient_name')) WHERE status = 'waiting';
CREATE INDEX report_by_status ON report (hospital_id, status, received_at) WHERE status IN ('waiting', 'review', 'failed', 'withdrawn');
DROP INDEX report_waiting, report_waiting_by_accession_number;

-- Which status may follow which: the same as cloudfilm/db/report_status.py.
CREATE TABLE report_step (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO report_step (from_status, to_status) VALUES
    ('received', 'failed'), ('received', 'read'), ('read', 'matched'), ('read', 'review'), ('read', 'waiting'),
    ('waiting', 'amended'), ('waiting', 'failed'), ('waiting', 'matched'), ('waiting', 'review'),
    ('waiting', 'withdrawn'), ('review', 'failed'), ('review', 'matched'), ('review', 'waiting'),
    ('review', 'withdrawn'), ('matched', 'amended'), ('matched', 'issued'), ('matched', 'review'),
    ('matched', 'waiting'), ('matched', 'withdrawn'), ('issued', 'amended'), ('issued', 'review'), ('issued', 'waiting'),
    ('issued', 'withdrawn'), ('amended', 'matched'), ('amended', 'waiting'), ('amended', 'withdrawn'),
    ('withdrawn', 'amended'), ('withdrawn', 'matched'), ('withdrawn', 'review'), ('withdrawn', 'waiting'),
    ('failed', 'review'), ('failed', 'waiting');

CREATE FUNCTION refuse_report_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'received' THEN
            RAISE EXCEPTION 'a report begins as received, not as %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.status <> NEW.status AND NOT EXISTS (SELECT 1 FROM report_step WHERE from_status = OLD.status AND to_status = NEW.status) THEN
        RAISE EXCEPTION 'a report cannot go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_steps BEFORE INSERT OR UPDATE OF status ON report FOR EACH ROW EXECUTE FUNCTION refuse_report_step();

-- Every study that a report is about; report.study_instance_uid is the first of them.
CREATE TABLE report_study (
    report_id          uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    study_instance_uid text NOT NULL REFERENCES study ON DELETE CASCADE,
    PRIMARY KEY (report_id, study_instance_uid)
);
CREATE INDEX report_study_of_study ON report_study (study_instance_uid);
INSERT INTO report_study (report_id, study_instance_uid) SELECT report_id, study_instance_uid FROM report WHERE study_instance_uid IS NOT NULL;

-- Two numbers of one patient: what was known under the old one belongs to the new one.
CREATE TABLE patient_merge (
    hospital_id    text NOT NULL REFERENCES hospital,
    old_patient_id text NOT NULL CHECK (old_patient_id <> ''),
    new_patient_id text NOT NULL CHECK (new_patient_id <> '' AND new_patient_id <> old_patient_id),
    merged_at      timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, old_patient_id)
);
CREATE INDEX patient_merge_by_new_number ON patient_merge (hospital_id, new_patient_id);

-- The page's size in points: boxes around what was read are given in them.
ALTER TABLE report_page ADD width_points real, ADD height_points real;

-- What people decided about a report, with what was before, so that it can be taken back.
CREATE TABLE report_decision (
    decision_id    uuid PRIMARY KEY,
    report_id      uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    decided_at     timestamptz NOT NULL,
    account_id     uuid NOT NULL REFERENCES account,
    decision       text NOT NULL CHECK (decision IN ('match', 'wait', 'dismiss', 'withdraw', 'restore', 'reopen')),
    before_status  text NOT NULL,
    before_reason  text NOT NULL,
    before_studies text[] NOT NULL,
    undone_at      timestamptz
);
CREATE INDEX report_decision_of_report ON report_decision (report_id, decided_at DESC);
