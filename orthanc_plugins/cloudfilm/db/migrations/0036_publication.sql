-- What is published of each study. The files are a cache: these rows say what is in it, what must be, and what was dropped because nobody looked.
CREATE TABLE publication (
    study_instance_uid text PRIMARY KEY REFERENCES study ON DELETE CASCADE,
    orthanc_study_id   text NOT NULL,
    -- When somebody last opened the study, or when it came.
    wanted_at          timestamptz NOT NULL DEFAULT now(),
    -- When the last of its series was whole; NULL while something is missing.
    published_at       timestamptz,
    -- When it was dropped to make room: it comes back on the next opening.
    dropped_at         timestamptz,
    cpu_seconds        double precision NOT NULL DEFAULT 0
);
CREATE INDEX publication_coldest_first ON publication (wanted_at) WHERE dropped_at IS NULL;

CREATE TABLE published_series (
    orthanc_series_id   text PRIMARY KEY,
    study_instance_uid  text NOT NULL REFERENCES publication ON DELETE CASCADE,
    series_instance_uid text NOT NULL,
    -- Instances of which the shown metadata are, 0 while none are shown.
    shown_instances     integer NOT NULL DEFAULT 0,
    files               integer NOT NULL DEFAULT 0,
    bytes               bigint NOT NULL DEFAULT 0
);
CREATE INDEX published_series_of_study ON published_series (study_instance_uid);

CREATE TABLE published_instance (
    orthanc_instance_id text PRIMARY KEY,
    orthanc_series_id   text NOT NULL REFERENCES published_series ON DELETE CASCADE,
    sop_instance_uid    text NOT NULL,
    -- Orthanc's name for the stored file: another file, another publication.
    file_uuid           text NOT NULL,
    files               integer NOT NULL,
    bytes               bigint NOT NULL,
    facts               jsonb NOT NULL
);
CREATE INDEX published_instance_of_series ON published_instance (orthanc_series_id);
CREATE INDEX publication_unfinished ON publication (wanted_at) WHERE published_at IS NULL AND dropped_at IS NULL;

-- What came before there was such a thing: the last three months are published, the rest when somebody opens it.
INSERT INTO publication (study_instance_uid, orthanc_study_id, wanted_at)
SELECT study_instance_uid, orthanc_study_id, claimed_at FROM study
WHERE orthanc_study_id IS NOT NULL AND claimed_at > now() - interval '90 days';
