-- How far Orthanc's change log was compared with our studies; NULL where it never was: what came before is not gone through.
CREATE TABLE followed_changes (
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    last_change bigint
);
INSERT INTO followed_changes DEFAULT VALUES;
