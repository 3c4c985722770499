-- States of sign-ins at an identity provider that have come back: each works once. Only hashes, kept for an hour.
CREATE TABLE used_oidc_state (
    state_hash bytea PRIMARY KEY,
    used_at    timestamptz NOT NULL
);
