-- What QIDO-RS matches studies by and was not recorded yet. NULL says that the sweep has still to ask Orthanc.
ALTER TABLE study ADD study_id text, ADD referring_physician_name text;
CREATE INDEX study_without_search_keys ON study (claimed_at) WHERE study_id IS NULL AND orthanc_study_id IS NOT NULL;
