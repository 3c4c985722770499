-- Boxes in hospitals that forward what they receive. A code pairs one, once; its token stands in api_token.
CREATE TABLE gateway (
    gateway_id         uuid PRIMARY KEY,
    hospital_id        text NOT NULL REFERENCES hospital,
    name               text NOT NULL CHECK (name <> ''),
    pairing_code_hash  bytea UNIQUE,
    pairing_expires_at timestamptz,
    token_id           uuid UNIQUE REFERENCES api_token,
    added_at           timestamptz NOT NULL,
    paired_at          timestamptz,
    last_seen_at       timestamptz,
    -- What it last said of itself: numbers and a sentence, never a patient.
    told               jsonb NOT NULL DEFAULT '{}',
    CHECK ((pairing_code_hash IS NULL) = (pairing_expires_at IS NULL))
);
CREATE INDEX gateway_by_hospital ON gateway (hospital_id);
