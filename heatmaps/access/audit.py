"""A line in the log for each key, share token and picture that is made, changed or removed, wherever that happens. It
tells the mask, no key."""

from typing import Any

import structlog
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from heatmaps.models import PersonalAPIKey, Picture, Share

logger = structlog.get_logger(__name__)


@receiver(post_save, sender=PersonalAPIKey)
def tell_of_saved(instance: PersonalAPIKey, created: bool, **_: Any) -> None:
    logger.info("A personal API key was made" if created else "A personal API key was changed", **_told(instance))


@receiver(post_delete, sender=PersonalAPIKey)
def tell_of_deleted(instance: PersonalAPIKey, **_: Any) -> None:
    logger.info("A personal API key was revoked", **_told(instance))


def _told(key: PersonalAPIKey) -> dict[str, Any]:
    limits = {"scoped_teams": key.scoped_teams, "scoped_organizations": key.scoped_organizations}
    return {
        "mask": key.mask,
        "label": key.label,
        "owner": key.user.email,
        "scopes": key.scopes,
        **{name: limit for name, limit in limits.items() if limit},
    }


@receiver(post_save, sender=Share)
def tell_of_saved_share(instance: Share, created: bool, **_: Any) -> None:
    logger.info("A share token was made" if created else "A share token was changed", **_told_of_share(instance))


@receiver(post_delete, sender=Share)
def tell_of_deleted_share(instance: Share, **_: Any) -> None:
    logger.info("A share token was revoked", **_told_of_share(instance))


def _told_of_share(share: Share) -> dict[str, Any]:
    return {
        "share": share.pk,
        "mask": share.mask,
        "label": share.label,
        "project": share.project_id,
        share.kind: share.url,
        "expires_at": share.expires_at.isoformat(),
        **({"made_by": share.created_by.email} if share.created_by else {}),
    }


@receiver(post_save, sender=Picture)
def tell_of_saved_picture(instance: Picture, created: bool, **_: Any) -> None:
    logger.info(
        "A picture of a page was added" if created else "A picture of a page was replaced", **_told_of_picture(instance)
    )


@receiver(post_delete, sender=Picture)
def tell_of_deleted_picture(instance: Picture, **_: Any) -> None:
    logger.info("A picture of a page was removed", **_told_of_picture(instance))


def _told_of_picture(picture: Picture) -> dict[str, Any]:
    return {
        "picture": picture.pk,
        "project": picture.project_id,
        "url_page": picture.page,
        "width": picture.width,
        "bytes": picture.size,
        **({"made_by": picture.created_by.email} if picture.created_by else {}),
    }
