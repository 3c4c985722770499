-- Links that are given out before there is anything to see, printing, kiosks, one report for one content. Times are UTC.

-- An exam number whose QR code exists before its images and its report. The keys are kept sealed until keys_until, as a delivery's are.
CREATE TABLE reservation (
    reservation_id     uuid PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    accession_number   text NOT NULL CHECK (length(accession_number) BETWEEN 1 AND 64),
    grant_id           uuid NOT NULL UNIQUE REFERENCES access_grant ON DELETE CASCADE,
    patient_id         text NOT NULL DEFAULT '',
    patient_name       text NOT NULL DEFAULT '',
    patient_birth_date date,
    sealed_keys        bytea,
    keys_until         timestamptz NOT NULL,
    reserved_at        timestamptz NOT NULL,
    -- Its grant was revoked or has expired, and the number was reserved anew.
    superseded_at      timestamptz
);
CREATE UNIQUE INDEX reservation_of_number ON reservation (hospital_id, accession_number) WHERE superseded_at IS NULL;
CREATE INDEX reservation_with_keys ON reservation (keys_until) WHERE sealed_keys IS NOT NULL;

ALTER TABLE delivery
    -- The sender was shown these keys before the report was read: they stay good, whatever the paper says then.
    ADD keys_told   boolean NOT NULL DEFAULT false,
    -- Until when the stamped copy, and it alone, is kept for the kiosk.
    ADD kiosk_until timestamptz,
    ALTER sealed_keys DROP NOT NULL;

ALTER TABLE report
    -- What all pages say and look like. Equal: the same report, printed again.
    ADD content_sha256 text,
    -- The document without what would run in a reader: what people download. NULL: the original is such.
    ADD shown_sha256 text,
    -- The page itself carries the patient's QR code: whoever is shown a shared exam does not see it.
    ADD carries_key boolean NOT NULL DEFAULT false;
CREATE INDEX report_by_content ON report (hospital_id, content_sha256) WHERE content_sha256 IS NOT NULL;

-- The same report in other bytes: what came, and under which identifier its sender knows it.
CREATE TABLE report_again (
    report_id       uuid PRIMARY KEY,
    of_report_id    uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    hospital_id     text NOT NULL REFERENCES hospital,
    document_sha256 text NOT NULL,
    origin          text NOT NULL,
    source_name     text REFERENCES intake_source,
    title           text NOT NULL DEFAULT '',
    received_at     timestamptz NOT NULL,
    UNIQUE (hospital_id, document_sha256)
);
CREATE INDEX report_again_of_report ON report_again (of_report_id);

-- A touch screen where people print their stamped report.
CREATE TABLE kiosk (
    kiosk_id       uuid PRIMARY KEY,
    hospital_id    text NOT NULL REFERENCES hospital,
    name           text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
    -- A printer's URI; '': the kiosk's browser prints.
    printer        text NOT NULL DEFAULT '',
    pairing_hash   bytea,
    pairing_until  timestamptz,
    -- Changes with every pairing: the cookie of an earlier one is worth nothing.
    pairing_id     uuid,
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz,
    revoked_at     timestamptz,
    -- Who stands before it: which reports were found, and until when that may be on the screen.
    visit_step     text NOT NULL DEFAULT '',
    visit_number   bytea,
    visit_reports  uuid[] NOT NULL DEFAULT '{}',
    visit_until    timestamptz
);
-- What beside a number tells whose report it is.
ALTER TABLE hospital ADD kiosk_proof text NOT NULL DEFAULT 'birth-date' CHECK (kiosk_proof IN ('birth-date', 'number-end'));

-- One sheet that is to come out of one printer, once.
CREATE TABLE print_order (
    print_order_id    uuid PRIMARY KEY,
    report_id         uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    hospital_id       text NOT NULL REFERENCES hospital,
    kind              text NOT NULL CHECK (kind IN ('return', 'kiosk')),
    -- What asked for it: an arrival of a report, or a kiosk.
    arrival_id        uuid UNIQUE,
    kiosk_id          uuid REFERENCES kiosk,
    queue             text NOT NULL,
    ordered_at        timestamptz NOT NULL,
    -- Held in the queue under this number, known here before it is let go.
    cups_job          text,
    queued_at         timestamptz,
    printed_at        timestamptz,
    failed_at         timestamptz,
    attempts          integer NOT NULL DEFAULT 0,
    trouble           text NOT NULL DEFAULT '',
    -- Staff have allowed the kiosk to print this report once more.
    repeat_allowed_at timestamptz,
    repeat_allowed_by text NOT NULL DEFAULT '',
    CHECK ((kind = 'kiosk') = (kiosk_id IS NOT NULL)),
    CHECK ((kind = 'return') = (arrival_id IS NOT NULL))
);
-- A kiosk prints a report once, whoever asks at how many kiosks at the same time.
CREATE UNIQUE INDEX print_order_once_at_a_kiosk ON print_order (report_id) WHERE kind = 'kiosk' AND repeat_allowed_at IS NULL;
CREATE INDEX print_order_newest_first ON print_order (hospital_id, ordered_at DESC);
CREATE INDEX print_order_under_way ON print_order (queued_at) WHERE queued_at IS NOT NULL AND printed_at IS NULL AND failed_at IS NULL;

-- What a kiosk looks reports up by.
CREATE INDEX report_by_accession_number ON report (hospital_id, accession_number) WHERE accession_number <> '';
CREATE INDEX report_by_patient_id ON report (hospital_id, patient_id) WHERE patient_id <> '';
