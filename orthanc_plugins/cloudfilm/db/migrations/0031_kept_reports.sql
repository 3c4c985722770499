-- Reports that arrive as instances of a study, and reports that are kept as such. Times are UTC.

-- How much of a study are images: documents among its instances are not counted to the patient.
ALTER TABLE study
    ADD image_series_count integer NOT NULL DEFAULT 0,
    ADD image_count        integer NOT NULL DEFAULT 0;
UPDATE study SET image_series_count = series_count, image_count = instance_count;

-- Every instance of a class that reports are made of, noted before its store is acknowledged.
CREATE TABLE dicom_document (
    study_instance_uid text NOT NULL REFERENCES study ON DELETE CASCADE,
    sop_instance_uid   text NOT NULL CHECK (length(sop_instance_uid) BETWEEN 1 AND 64),
    sop_class_uid      text NOT NULL,
    hospital_id        text NOT NULL REFERENCES hospital,
    sender_kind        text NOT NULL,
    sender_name        text NOT NULL,
    arrived_at         timestamptz NOT NULL,
    -- arrived: to be looked at; taken: it is a report; left: it is none; failed: see reason.
    state              text NOT NULL DEFAULT 'arrived' CHECK (state IN ('arrived', 'taken', 'left', 'failed')),
    reason             text NOT NULL DEFAULT '',
    report_id          uuid REFERENCES report ON DELETE SET NULL,
    PRIMARY KEY (study_instance_uid, sop_instance_uid),
    CHECK ((state = 'taken') OR report_id IS NULL)
);
CREATE INDEX dicom_document_arrived ON dicom_document (arrived_at) WHERE state = 'arrived';
CREATE INDEX dicom_document_of_report ON dicom_document (report_id);

-- Our own instances in the archive. A row is written before its instance is stored: none is ever there without one. No reference to the report:
-- where that is deleted, the rows say what has still to be removed.
CREATE TABLE kept_instance (
    sop_instance_uid   text PRIMARY KEY,
    report_id          uuid NOT NULL,
    study_instance_uid text NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('document', 'fields')),
    stored_at          timestamptz
);
CREATE INDEX kept_instance_of_report ON kept_instance (report_id);

-- Whatever changes where a report belongs or what it says: a worker makes the archive agree.
CREATE FUNCTION queue_keep_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.study_instance_uid IS NOT NULL OR NEW.study_instance_uid IS NOT NULL THEN
        PERFORM procrastinate_defer_jobs_v1(ARRAY[
            ROW('default', 'keep_report', 0, NEW.report_id::text, NULL, jsonb_build_object('report_id', NEW.report_id), NULL)
        ]::procrastinate_job_to_defer_v1[]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER report_kept AFTER UPDATE ON report FOR EACH ROW
    WHEN ((OLD.study_instance_uid, OLD.status, OLD.fields, OLD.document_sha256)
          IS DISTINCT FROM (NEW.study_instance_uid, NEW.status, NEW.fields, NEW.document_sha256))
    EXECUTE FUNCTION queue_keep_report();

-- A page at two sizes, and its text with the places of its lines.
ALTER TABLE report_page
    ADD large_sha256 text,
    ADD large_width  integer,
    ADD large_height integer,
    ADD text_lines   jsonb NOT NULL DEFAULT '{}';
