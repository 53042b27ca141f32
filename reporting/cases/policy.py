"""The site policy that holds for a case; apart from the case itself, because lists of alerts need no casebook."""

from __future__ import annotations

from reporting.cases.book import casebook_of
from reporting.cases.case import Case
from reporting.scan.home_networks import infer, with_kept_home, with_roles
from store.site import SitePolicy, load_site


def policy_of(case: Case) -> SitePolicy:
    """Return the site policy: in force on the data's own dates, with confirmed roles and the case's home networks.

    Those are the ones its scan was told, else those of the policy and those that the wire shows.

    Raises:
        TaishiError: ``site.toml`` or the casebook is not usable.
    """
    policy = load_site(case.home.site)
    with casebook_of(case.home) as casebook:
        if casebook is not None:
            policy = with_roles(with_kept_home(policy, casebook, case.name), casebook)
    return infer(case.lake, case.name, policy)
