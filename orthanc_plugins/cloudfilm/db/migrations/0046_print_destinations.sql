-- Printers that a hospital's staff send slips and stamped reports to. Times are UTC.

CREATE TABLE print_destination (
    destination_id uuid PRIMARY KEY,
    hospital_id    text NOT NULL REFERENCES hospital,
    -- Unique among all hospitals: the print server's queue is called after it.
    name           text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
    title          text NOT NULL CHECK (length(title) BETWEEN 1 AND 60),
    printer        text NOT NULL,
    added_at       timestamptz NOT NULL,
    removed_at     timestamptz
);
CREATE UNIQUE INDEX print_destination_name ON print_destination (name) WHERE removed_at IS NULL;
CREATE INDEX print_destination_of_hospital ON print_destination (hospital_id) WHERE removed_at IS NULL;

-- What the staff's pages offer first; NULL: the browser's own printer.
ALTER TABLE hospital ADD default_destination_id uuid REFERENCES print_destination ON DELETE SET NULL;

ALTER TABLE print_order
    ADD destination_id uuid REFERENCES print_destination,
    -- What is to be printed where it is not the report's stamped copy: a slip with new keys. Gone once a queue has it.
    ADD sealed_slip    bytea,
    DROP CONSTRAINT print_order_kind_check,
    ADD CONSTRAINT print_order_kind_check CHECK (kind IN ('return', 'kiosk', 'desk')),
    ADD CONSTRAINT print_order_desk_check CHECK ((kind = 'desk') = (destination_id IS NOT NULL));
