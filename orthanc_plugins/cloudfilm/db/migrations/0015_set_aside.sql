-- Bytes of instances that were set aside are kept up to a quota; above it only the row tells of them.
ALTER TABLE set_aside ADD bytes_kept boolean NOT NULL DEFAULT true;
CREATE INDEX set_aside_newest_first ON set_aside (hospital_id, received_at DESC);
