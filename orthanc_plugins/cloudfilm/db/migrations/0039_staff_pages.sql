-- What the staff's pages look for. Times are UTC.

-- The pairs of neighbouring characters in a person's name, in all its spellings: Chinese given names have two characters or one, too few for trigrams.
CREATE FUNCTION name_pairs(person_name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(plain, place, 2)), '{}')
    FROM (SELECT lower(translate(person_name, '^= ', '')) AS plain) name, generate_series(1, length(plain) - 1) place
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
