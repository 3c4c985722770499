-- Attachments of Orthanc that lie in the object store. A row is written after the object's bytes were checked there, and before Orthanc is told.
CREATE TABLE storage_object (
    attachment_id uuid PRIMARY KEY,
    content_type  integer NOT NULL,
    object_name   text NOT NULL CHECK (object_name <> ''),
    size_bytes    bigint NOT NULL CHECK (size_bytes >= 0),
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    key_id        bigint,
    stored_at     timestamptz NOT NULL DEFAULT now(),
    -- Seen in Orthanc's index: what never is, was put for an instance that was not stored in the end.
    indexed_at    timestamptz,
    -- Deleted in Orthanc; the row goes once the object is gone too.
    removed_at    timestamptz
);
CREATE INDEX storage_object_unseen ON storage_object (stored_at) WHERE indexed_at IS NULL;
CREATE INDEX storage_object_removed ON storage_object (removed_at) WHERE removed_at IS NOT NULL;

-- Written into each object's metadata: the tidying of a bucket touches nobody else's objects.
CREATE TABLE storage_installation (
    only_one        boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    installation_id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO storage_installation DEFAULT VALUES;
