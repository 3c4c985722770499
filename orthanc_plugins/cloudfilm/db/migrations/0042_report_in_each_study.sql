-- A report about several studies is kept in each of them: one that is added to a bound report is a change too.
CREATE FUNCTION queue_keep_report_in_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', 'keep_report', 0, NEW.report_id::text, NULL, jsonb_build_object('report_id', NEW.report_id), NULL)
    ]::procrastinate_job_to_defer_v1[])
    FROM report WHERE report.report_id = NEW.report_id AND report.study_instance_uid <> NEW.study_instance_uid;
    RETURN NULL;
END $$;
CREATE TRIGGER report_study_kept AFTER INSERT ON report_study FOR EACH ROW EXECUTE FUNCTION queue_keep_report_in_study();
