-- What the staff's pages look for. Times are UTC.

-- The pairs of neighbouring characters in a person's name, in all its spellings: Chinese given names have two characters or one, too few for trigrams.
CREATE FUNCTION name_pairs(person_name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT ARRAY(SELECT substr(plain, place, 2)
        FROM (SELECT lower(translate(person_name, '^= ', '')) AS plain) name, generate_series(1, length(plain) - 1) place)
$$;
CREATE INDEX study_by_name ON study USING gin (name_pairs(patient_name)) WHERE patient_name <> '';
CREATE INDEX study_by_patient_id_beginning ON study (hospital_id, (lower(patient_id) COLLATE "C"));
CREATE INDEX study_by_accession_number_beginning ON study (hospital_id, (lower(accession_number) COLLATE "C"));
CREATE INDEX study_by_modality ON study USING gin (modalities);
CREATE INDEX study_arriving ON study (hospital_id, study_date DESC NULLS LAST) WHERE complete_at IS NULL;

-- Which grants name a study.
CREATE INDEX grant_study_of_study ON grant_study (study_instance_uid);
CREATE INDEX set_aside_of_study ON set_aside (hospital_id, study_instance_uid);

-- Searches that somebody keeps. One that was removed can be taken back for a while.
CREATE TABLE staff_filter (
    filter_id  uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    search     jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE INDEX staff_filter_of_account ON staff_filter (account_id, created_at);

-- What a hospital says of itself on its patients' pages and on what it prints.
ALTER TABLE hospital
    ADD logo          bytea,
    ADD logo_sha256   text CHECK ((logo IS NULL) = (logo_sha256 IS NULL)),
    ADD disclaimer    text NOT NULL DEFAULT '',
    ADD contact       text NOT NULL DEFAULT '',
    ADD footer        text NOT NULL DEFAULT '',
    ADD filing_number text NOT NULL DEFAULT '',
    -- How long a paper opens its exam; NULL: without an end.
    ADD paper_days    integer CHECK (paper_days BETWEEN 1 AND 36500),
    -- Where the code is printed, and what stands under it; empty: as orthanc.json says.
    ADD stamp_corner  text NOT NULL DEFAULT '' CHECK (stamp_corner IN ('', 'top-right', 'bottom-right', 'top-left', 'bottom-left')),
    ADD stamp_words   text NOT NULL DEFAULT '';
CREATE INDEX hospital_by_logo ON hospital (logo_sha256) WHERE logo_sha256 IS NOT NULL;

-- Counting by days: the trail grows with time, a coarse index is enough.
CREATE INDEX audit_event_by_time ON audit_event USING brin (happened_at);
CREATE INDEX study_by_arrival ON study (hospital_id, claimed_at);
CREATE INDEX report_by_issue ON report (hospital_id, issued_at) WHERE issued_at IS NOT NULL;
