-- Signing in: devices that an account has signed in from, passwords that somebody else chose, and what an account has opened.

-- Wrong passwords are counted apart on a device that has signed in before: whoever guesses at a login does not lock its owner out.
CREATE TABLE staff_device (
    account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    device_id    uuid NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, device_id)
);

-- Whoever set it knows it: at the next signing in its owner chooses another.
ALTER TABLE account ADD password_is_temporary boolean NOT NULL DEFAULT false;

CREATE INDEX access_grant_of_account ON access_grant (account_id) WHERE account_id IS NOT NULL;
