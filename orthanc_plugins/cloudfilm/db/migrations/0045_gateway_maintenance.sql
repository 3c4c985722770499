-- What staff ask of a gateway whose hospital has consented, and the log that came for it. A row goes when the consent does, but for the log.
CREATE TABLE gateway_maintenance (
    gateway_id        uuid PRIMARY KEY REFERENCES gateway,
    -- NULL: the gateway goes by its own settings.
    speed_limits      text,
    keep_days         integer CHECK (keep_days BETWEEN 0 AND 3650),
    settings_asked_at timestamptz,
    settings_asked_by text NOT NULL DEFAULT '',
    log_asked_at      timestamptz,
    log_asked_by      text NOT NULL DEFAULT '',
    log               text NOT NULL DEFAULT '',
    log_received_at   timestamptz
);
