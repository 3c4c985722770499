-- Exams that a hospital expects (HL7 orders, or a list in CSV), what its register says of patients, and messages that came before. Times are UTC.

CREATE TABLE exam_order (
    order_id            uuid PRIMARY KEY,
    hospital_id         text NOT NULL REFERENCES hospital,
    accession_number    text NOT NULL DEFAULT '',
    placer_order_number text NOT NULL DEFAULT '',
    filler_order_number text NOT NULL DEFAULT '',
    patient_id          text NOT NULL DEFAULT '',
    patient_name        text NOT NULL DEFAULT '',
    patient_sex         text NOT NULL DEFAULT '',
    patient_birth_date  date,
    modality            text NOT NULL DEFAULT '',
    exam                text NOT NULL DEFAULT '',
    status              text NOT NULL DEFAULT 'expected' CHECK (status IN ('expected', 'held', 'started', 'completed', 'cancelled')),
    ordered_at          timestamptz,
    scheduled_at        timestamptz,
    -- Each field with when its sender said it: what was said later counts, in whatever order it arrives (cloudfilm/db/said.py).
    said                jsonb NOT NULL DEFAULT '{}',
    -- The station that said it last, '' for a list in CSV; MSH-10 and MSH-7 of that message.
    source_name         text NOT NULL DEFAULT '',
    control_id          text NOT NULL DEFAULT '',
    said_at             timestamptz NOT NULL,
    received_at         timestamptz NOT NULL,
    -- What the images carry as AccessionNumber.
    exam_number         text NOT NULL GENERATED ALWAYS AS (CASE WHEN accession_number <> '' THEN accession_number ELSE filler_order_number END) STORED,
    due_at              timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(scheduled_at, ordered_at, received_at)) STORED,
    CHECK (accession_number <> '' OR placer_order_number <> '' OR filler_order_number <> '')
);
CREATE UNIQUE INDEX exam_order_by_accession_number ON exam_order (hospital_id, accession_number) WHERE accession_number <> '';
CREATE INDEX exam_order_by_exam_number ON exam_order (hospital_id, exam_number) WHERE exam_number <> '';
CREATE INDEX exam_order_by_filler_number ON exam_order (hospital_id, filler_order_number) WHERE filler_order_number <> '';
CREATE INDEX exam_order_by_placer_number ON exam_order (hospital_id, placer_order_number) WHERE placer_order_number <> '';
CREATE INDEX exam_order_by_patient ON exam_order (hospital_id, patient_id);
CREATE INDEX exam_order_by_time ON exam_order (hospital_id, due_at DESC);

-- What the register says of a patient now (HL7 ADT^A08, A31), and what staff decided about it where it did not fit the images.
CREATE TABLE patient_correction (
    hospital_id text NOT NULL REFERENCES hospital,
    patient_id  text NOT NULL CHECK (patient_id <> ''),
    said        jsonb NOT NULL,
    source_name text NOT NULL,
    control_id  text NOT NULL,
    received_at timestamptz NOT NULL,
    decision    text NOT NULL DEFAULT '' CHECK (decision IN ('', 'accepted', 'refused')),
    PRIMARY KEY (hospital_id, patient_id)
);

-- What the images say, where the register's word stands in its place; and whether that word is kept back until staff have looked.
ALTER TABLE study
    ADD images_patient_name       text,
    ADD images_patient_sex        text,
    ADD images_patient_birth_date date,
    ADD corrected_at              timestamptz,
    ADD correction_waits          boolean NOT NULL DEFAULT false;
CREATE INDEX study_with_correction ON study (hospital_id, study_date DESC) WHERE corrected_at IS NOT NULL OR correction_waits;

-- A merge that staff took back counts no more, also when its message comes once again.
ALTER TABLE patient_merge ADD undone_at timestamptz, ADD source_name text NOT NULL DEFAULT '';

-- Messages that were taken: the same one again has no second effect.
CREATE TABLE hl7_message (
    source_name    text NOT NULL REFERENCES intake_source,
    control_id     text NOT NULL,
    content_sha256 bytea NOT NULL,
    received_at    timestamptz NOT NULL,
    PRIMARY KEY (source_name, control_id, content_sha256)
);
CREATE INDEX hl7_message_by_time ON hl7_message (received_at);
