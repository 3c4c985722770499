-- Stations at a hospital's gateway: what they bring comes through it, and says so. Their names hold an @, which no station of the cloud's own has.

ALTER TABLE intake_source
    DROP CONSTRAINT intake_source_name_check,
    ADD gateway_id      uuid REFERENCES gateway,
    -- What the gateway calls it.
    ADD gateway_station text NOT NULL DEFAULT '',
    ADD CONSTRAINT intake_source_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,40}$' OR (gateway_id IS NOT NULL AND name LIKE '%@%'));
CREATE UNIQUE INDEX intake_source_at_gateway ON intake_source (gateway_id, gateway_station, kind) WHERE gateway_id IS NOT NULL;
