-- The ways in for reports. Times are UTC.

-- A station that hands reports in without a token of its own: a queue of the virtual printer, a watched folder, an HL7 sender.
CREATE TABLE intake_source (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,40}$'),
    kind        text NOT NULL CHECK (kind IN ('printer', 'folder', 'hl7')),
    hospital_id text NOT NULL REFERENCES hospital,
    -- Where the stamped copy goes: '' (it is fetched), 'folder' (the source's own out/), or a printer's URI.
    return_to   text NOT NULL DEFAULT '',
    -- HL7 only: the address that may send, and after | the application (MSH-3), any where it is left out.
    sender      text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    last_used_at timestamptz
);

ALTER TABLE report
    ADD origin      text NOT NULL DEFAULT 'rest' CHECK (origin IN ('rest', 'printer', 'folder', 'hl7', 'dicom')),
    ADD source_name text REFERENCES intake_source,
    -- What the sender said beside the document: it goes before what is read from the pages.
    ADD given_fields jsonb NOT NULL DEFAULT '{}',
    ADD title       text NOT NULL DEFAULT '',
    ADD returned_at timestamptz;

-- Every change of a report's status, written by the database itself.
CREATE TABLE report_transition (
    report_id   uuid NOT NULL REFERENCES report ON DELETE CASCADE,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_status text NOT NULL,
    to_status   text NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX report_transition_of_report ON report_transition (report_id, happened_at);
INSERT INTO report_transition (report_id, happened_at, from_status, to_status, reason) SELECT report_id, received_at, '', status, status_reason FROM report;

CREATE FUNCTION record_report_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR OLD.status IS DISTINCT FROM NEW.status THEN
        INSERT INTO report_transition (report_id, from_status, to_status, reason)
        VALUES (NEW.report_id, CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END, NEW.status, NEW.status_reason);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER report_transitions AFTER INSERT OR UPDATE OF status ON report FOR EACH ROW EXECUTE FUNCTION record_report_transition();
