"""Metadata: who may read which project, and what a project is. Interactions are in ClickHouse."""

from heatmaps.models.capture import CaptureTally
from heatmaps.models.persons import AppliedPersonEvent, CookielessSalt, Person, PersonDistinctId
from heatmaps.models.pictures import Picture
from heatmaps.models.projects import (
    CaptureMode,
    Cohort,
    Organization,
    Project,
    default_test_account_filters,
    validate_test_account_filters,
    validate_timezone,
    validate_url_allowlist,
)
from heatmaps.models.shares import DEFAULT_MIN_VISITORS, Share, ShareKind, origins_of
from heatmaps.models.users import Membership, PersonalAPIKey, User, UserManager, default_scopes

__all__ = [
    "DEFAULT_MIN_VISITORS",
    "AppliedPersonEvent",
    "CaptureMode",
    "CaptureTally",
    "Cohort",
    "CookielessSalt",
    "Membership",
    "Organization",
    "Person",
    "PersonDistinctId",
    "PersonalAPIKey",
    "Picture",
    "Project",
    "Share",
    "ShareKind",
    "User",
    "UserManager",
    "default_scopes",
    "default_test_account_filters",
    "origins_of",
    "validate_test_account_filters",
    "validate_timezone",
    "validate_url_allowlist",
]
