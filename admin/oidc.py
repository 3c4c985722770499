# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm oidc …: which account belongs to whom at the hospital's identity provider."""

from __future__ import annotations

import click

from admin.installation import Installation
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.oidc_accounts import link_account, login_of_subject


@click.group()
def oidc() -> None:
    """Staff who sign in at the hospital's identity provider."""


@oidc.command("link")
@click.argument("login")
@click.argument("subject")
@click.pass_obj
def oidc_link(installation: Installation, login: str, subject: str) -> None:
    """Link an account to SUBJECT: the claim `sub`, or issuer|sub as the page shows it to whoever is not linked yet."""
    issuer = installation.settings.oidc_issuer
    if not issuer:
        raise click.ClickException("No identity provider is set: set OidcIssuer first (docs/openid.md).")
    whole = subject if subject.startswith(f"{issuer}|") else f"{issuer}|{subject}"
    with installation.database.transaction() as cursor:
        holder = login_of_subject(cursor, whole)
        if holder is not None and holder != login:
            raise click.ClickException(f"That subject is linked to {holder} already: unlink it there first.")
        if not link_account(cursor, login, whole):
            raise click.ClickException(f"There is no account {login!r}.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"linked the account {login} at the identity provider")
    installation.say({"login": login, "oidc_subject": whole}, f"{login} may sign in at the identity provider now.")


@oidc.command("unlink")
@click.argument("login")
@click.pass_obj
def oidc_unlink(installation: Installation, login: str) -> None:
    """Unlink an account; sessions that it has go on until they end or are ended."""
    with installation.database.transaction() as cursor:
        if not link_account(cursor, login, None):
            raise click.ClickException(f"There is no account {login!r}.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"unlinked the account {login} at the identity provider")
    installation.say({"login": login, "oidc_subject": None}, f"{login} can no longer sign in at the identity provider.")
