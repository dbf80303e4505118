"""The admin: organizations and their members, projects, people and their keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from heatmaps.metadata import keys
from heatmaps.models import Cohort, Membership, Organization, PersonalAPIKey, Picture, Project, User

admin.site.site_header = admin.site.site_title = "Heatmaps"
admin.site.index_title = "Organizations, projects, people and keys"
# What somebody may do here hangs on their organizations and on being an admin.
admin.site.unregister(Group)

# Django's classes take the type parameters that mypy misses in its stubs only; at run time they refuse them.


class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    # What is made when the thing is saved: a page that adds one would show an id, or a token, that is thrown away.
    made: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.made if obj else ()


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    def validate_unique(self) -> None:
        # Django leaves this out where one half of the pair is the page's own object.
        super().validate_unique()
        try:
            self.instance.validate_constraints()
        except ValidationError as error:
            self.add_error(None, error)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    form = MembershipForm
    extra = 0
    autocomplete_fields = ["user", "organization"]


@admin.register(Organization)
class OrganizationAdmin(ServiceAdmin):
    list_display = ["name", "id", "created_at"]
    made = ("id", "created_at")
    search_fields = ["name"]
    inlines = [MembershipInline]


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is not sent stays as it is.
        self.fields["capture_mode"].required = False

    def clean_test_account_filters(self) -> Any:
        return self._list("test_account_filters")

    def clean_url_allowlist(self) -> Any:
        return self._list("url_allowlist")

    def clean_capture_mode(self) -> Any:
        return self.cleaned_data["capture_mode"] or self.instance.capture_mode

    def _list(self, name: str) -> Any:
        # An emptied field is an empty list; the database takes no null.
        value = self.cleaned_data[name]
        return [] if value is None else value


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    form = ProjectForm
    list_display = ["name", "id", "organization", "timezone", "heatmaps_opt_in", "capture_mode", "created_at"]
    list_filter = ["heatmaps_opt_in", "capture_mode", "organization"]
    list_select_related = ["organization"]
    made = ("id", "token", "created_at")
    search_fields = ["name", "token"]
    autocomplete_fields = ["organization"]


@admin.register(Cohort)
class CohortAdmin(ServiceAdmin):
    list_display = ["name", "id", "project", "is_static", "version", "deleted", "created_at"]
    list_filter = ["is_static", "deleted", "project"]
    list_select_related = ["project"]
    made = ("id", "created_at")
    search_fields = ["name"]
    autocomplete_fields = ["project"]


@admin.register(Picture)
class PictureAdmin(ServiceAdmin):
    """Told of and removed. Pictures are added where they are looked at."""

    list_display = ["page", "width", "height", "size", "project", "created_by", "created_at"]
    list_filter = ["project"]
    list_select_related = ["project", "created_by"]
    search_fields = ["page"]
    fields = ("page", "project", "width", "height", "format", "size", "sha256", "created_by", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    list_display = ["email", "first_name", "last_name", "current_project", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    filter_horizontal = ["user_permissions"]
    list_select_related = ["current_project"]
    ordering = ["email"]
    search_fields = ["email", "first_name", "last_name"]
    autocomplete_fields = ["current_project"]
    inlines = [MembershipInline]
    fieldsets = (
        (None, {"fields": ["email", "password", "first_name", "last_name", "current_project"]}),
        ("Permissions", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Important dates", {"fields": ["last_login", "date_joined"]}),
    )
    add_fieldsets = ((None, {"fields": ["email", "usable_password", "password1", "password2", "current_project"]}),)


@admin.register(PersonalAPIKey)
class PersonalAPIKeyAdmin(ServiceAdmin):
    list_display = ["mask", "label", "user", "scopes", "created_at", "last_used_at"]
    list_filter = ["user"]
    list_select_related = ["user"]
    search_fields = ["mask", "label", "user__email"]
    autocomplete_fields = ["user"]
    # Whose key it is cannot change either: whoever holds it would read for somebody else.
    made = ("mask", "created_at", "last_used_at", "user")

    def save_model(self, request: HttpRequest, obj: PersonalAPIKey, form: Any, change: bool) -> None:
        if not change:
            key = keys.new_personal_api_key()
            obj.digest, obj.mask = keys.digest(key), keys.mask(key)
            messages.warning(request, f"The key is {key}. Keep it now: it is not shown again.")
        super().save_model(request, obj, form, change)
