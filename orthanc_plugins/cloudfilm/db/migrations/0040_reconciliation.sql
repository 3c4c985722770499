-- What gateways were given receipts for. A receipt is read back from the archive: whatever it names has been there.
CREATE TABLE gateway_receipt (
    gateway_id         uuid NOT NULL REFERENCES gateway,
    study_instance_uid text NOT NULL,
    sop_instance_uid   text NOT NULL,
    sha256             bytea NOT NULL CHECK (length(sha256) = 32),
    given_at           timestamptz NOT NULL,
    PRIMARY KEY (gateway_id, study_instance_uid, sop_instance_uid)
);
CREATE INDEX gateway_receipt_by_time ON gateway_receipt (given_at);

-- Hashes of attachments in the archive, which never change their bytes; read again once a row is old.
CREATE TABLE archive_hash (
    attachment_id uuid PRIMARY KEY,
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    read_at       timestamptz NOT NULL
);
CREATE INDEX archive_hash_by_time ON archive_hash (read_at);

-- Of each gateway and study: what the gateway said that it holds, and what the comparison with the archive found.
CREATE TABLE reconciliation (
    gateway_id         uuid NOT NULL REFERENCES gateway,
    study_instance_uid text NOT NULL,
    -- SOPInstanceUID: [SHA-256 in hexadecimal or nothing, the gateway's state of it]. From receipts where the gateway has not told anything.
    told               jsonb NOT NULL,
    told_at            timestamptz NOT NULL,
    is_from_gateway    boolean NOT NULL,
    -- What was confirmed before this, the gateway may have forgotten; without it nothing is missed there.
    keeps_since        timestamptz,
    compared_at        timestamptz,
    gateway_count      integer NOT NULL DEFAULT 0,
    cloud_count        integer NOT NULL DEFAULT 0,
    missing_in_cloud   text[] NOT NULL DEFAULT '{}',
    other_content      text[] NOT NULL DEFAULT '{}',
    missing_on_gateway text[] NOT NULL DEFAULT '{}',
    -- The study was deleted in the archive on purpose: its images come back only when somebody says so.
    was_deleted        boolean NOT NULL DEFAULT false,
    -- Instances that the gateway is to send again; it hears of them until it tells of the study anew.
    wanted_again       text[] NOT NULL DEFAULT '{}',
    wanted_at          timestamptz,
    -- Who asked for it; nobody where it was safe without asking.
    wanted_by          text NOT NULL DEFAULT '',
    -- Somebody has looked and found it right as it is; forgotten when the difference becomes another one.
    accepted_at        timestamptz,
    accepted_by        text NOT NULL DEFAULT '',
    PRIMARY KEY (gateway_id, study_instance_uid)
);
CREATE INDEX reconciliation_waiting ON reconciliation (told_at) WHERE compared_at IS NULL;
CREATE INDEX reconciliation_differs ON reconciliation (gateway_id)
    WHERE missing_in_cloud <> '{}' OR other_content <> '{}' OR missing_on_gateway <> '{}';

-- Studies that were deleted from the archive, so that no gateway brings them back by itself.
CREATE TABLE deleted_study (
    study_instance_uid text PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    deleted_at         timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE gateway
    ADD comparison_asked_at timestamptz,  -- by staff; the gateway hears of it with its next heartbeat
    ADD inventory_told_at timestamptz,  -- when it had told everything that it holds
    ADD silent_since timestamptz;  -- noted, and in the audit trail, once it falls silent

-- Whose study it is by the first instance, until Orthanc's index says so: another patient's instances are kept aside.
ALTER TABLE study ADD claimed_patient_id text;

-- Conflicts are kept aside beside the refused, until people have decided.
ALTER TABLE set_aside
    ADD series_instance_uid text NOT NULL DEFAULT '',
    -- What the file says of itself, read by a worker, for whoever decides; null before that.
    ADD facts jsonb,
    ADD picture_sha256 text,
    ADD state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept out', 'taken', 'replaced')),
    ADD decided_at timestamptz,
    ADD decided_by text NOT NULL DEFAULT '',
    -- One decision over several instances.
    ADD decision_id uuid,
    -- What is decided but not yet done in the archive.
    ADD is_pending boolean NOT NULL DEFAULT false,
    ADD CHECK ((state = 'open') = (decided_at IS NULL));
CREATE INDEX set_aside_pending ON set_aside (decision_id) WHERE is_pending;
CREATE INDEX set_aside_by_content ON set_aside (study_instance_uid, sop_instance_uid);
