-- Studies that nobody sent, as Orthanc's PostgreSQL plugin has them in its index: patients of four studies each, no series. %(first)s to %(last)s.
-- Triggers are off: they count, and keep the order in which patients would be recycled.
SET session_replication_role = replica;
CREATE TEMPORARY TABLE made AS
    SELECT place,
        md5('study ' || place) || '00000000' AS orthanc_study_id,
        '1.2.826.0.1.3680043.8.498.47.' || place AS study_instance_uid,
        'Q' || lpad((place / 4)::text, 8, '0') AS patient_id,
        (ARRAY['WANG','LI','ZHANG','LIU','CHEN','YANG','ZHAO','HUANG','ZHOU','WU'])[1 + place %% 10] || '^'
            || (ARRAY['XIAOMING','LIHUA','JIANGUO','XIULAN','WEI','FANG','NA','MIN','JING','QIANG'])[1 + place / 10 %% 10]
            || (place / 100 %% 9973)::text AS patient_name,
        'A' || lpad(place::text, 9, '0') AS accession_number,
        date '2016-01-01' + (place::bigint * 7919 %% 3650)::int AS study_date,
        time '07:00' + (place::bigint * 104729 %% 43200) * interval '1 second' AS study_time,
        (ARRAY['CT','MR','DX','US'])[1 + place %% 4] AS modality
    FROM generate_series(%(first)s, %(last)s) place;
CREATE INDEX ON made (patient_id);
INSERT INTO Resources (resourceType, publicId, parentId)
    SELECT 0, md5('patient ' || patient_id) || '00000000', NULL FROM made GROUP BY patient_id ON CONFLICT DO NOTHING;
INSERT INTO Resources (resourceType, publicId, parentId)
    SELECT 1, orthanc_study_id, patient.internalId
    FROM made JOIN Resources patient ON patient.publicId = md5('patient ' || patient_id) || '00000000';
INSERT INTO MainDicomTags (id, tagGroup, tagElement, value)
    SELECT internalId, tag_group, tag_element, value
    FROM made JOIN Resources ON publicId = orthanc_study_id, LATERAL (VALUES
        (32, 13, study_instance_uid), (8, 32, to_char(study_date, 'YYYYMMDD')), (8, 48, to_char(study_time, 'HH24MISS')),
        (8, 80, accession_number), (32, 16, '1'), (8, 4144, modality || ' HEAD'), (8, 144, ''), (16, 16, patient_name), (16, 32, patient_id),
        (16, 48, '19800501'), (16, 64, 'M')) tag (tag_group, tag_element, value);
INSERT INTO DicomIdentifiers (id, tagGroup, tagElement, value)
    SELECT internalId, tag_group, tag_element, value
    FROM made JOIN Resources ON publicId = orthanc_study_id, LATERAL (VALUES
        (32, 13, study_instance_uid), (8, 32, to_char(study_date, 'YYYYMMDD')), (8, 80, accession_number), (8, 4144, modality || ' HEAD'))
        tag (tag_group, tag_element, value);
INSERT INTO MainDicomTags (id, tagGroup, tagElement, value)
    SELECT internalId, tag_group, tag_element, value
    FROM (SELECT DISTINCT ON (patient_id) * FROM made ORDER BY patient_id, place) one
    JOIN Resources ON publicId = md5('patient ' || patient_id) || '00000000', LATERAL (VALUES
        (16, 16, patient_name), (16, 32, patient_id), (16, 48, '19800501'), (16, 64, 'M')) tag (tag_group, tag_element, value)
    ON CONFLICT DO NOTHING;
INSERT INTO DicomIdentifiers (id, tagGroup, tagElement, value)
    SELECT internalId, tag_group, tag_element, value
    FROM (SELECT DISTINCT ON (patient_id) * FROM made ORDER BY patient_id, place) one
    JOIN Resources ON publicId = md5('patient ' || patient_id) || '00000000', LATERAL (VALUES
        (16, 16, patient_name), (16, 32, patient_id), (16, 48, '19800501')) tag (tag_group, tag_element, value)
    ON CONFLICT DO NOTHING;
